-- Grain : une ligne par contour de commune lu, avec son sort.
with
    lues as (select * from raw_contours),
    fichiers as (select * from stg_fichier where source = 'contours'),

    nettoyees as (
        select
            'contours' as source,
            fichier,
            ligne,
            commune_de(code_commune) as commune_code,
            texte(nom_commune) as commune,
            case when entier(population) >= 0 then entier(population) end as population,
            texte(population) as population_lue,
            nombre(latitude) as latitude,
            nombre(longitude) as longitude,
            nombre(ouest) as ouest,
            nombre(sud) as sud,
            nombre(est) as est,
            nombre(nord) as nord,
            unhex(contour_wkb) as contour_wkb,
            code_commune as valeur_lue
        from lues
    ),

    classees as (
        select
            nettoyees.*,
            row_number() over (
                partition by nettoyees.commune_code
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as rang,
            first_value(nettoyees.fichier) over (
                partition by nettoyees.commune_code
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as fichier_retenu
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
    ),

    final as (
        select
            *,
            case
                when commune_code is null
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when commune_code is null
                then 'commune_illisible'
                when rang > 1 and fichier != fichier_retenu
                then 'remplacee_par_plus_recent'
                when rang > 1
                then 'commune_deux_lignes'
                when population is null and population_lue is not null
                then 'population_illisible'
            end as anomalie,
            case
                when anomalie = 'population_illisible' then 'population' else 'code_commune'
            end as anomalie_colonne,
            case
                when anomalie = 'population_illisible'
                then concat_ws(' : ', commune_code, population_lue)
                else valeur_lue
            end as anomalie_valeur
        from classees
    )

select *
from final
