-- Grain : une ligne par ligne lue des listes de communes desservies, avec son sort.
with
    lues as (select * from raw_dessertes),
    fichiers as (select * from stg_fichier where source = 'dessertes'),

    nettoyees as (
        select
            fichier,
            ligne,
            commune_de(commune_code) as commune_code,
            texte(commune) as commune,
            oui_non(desservie) as est_desservie,
            commune_code as commune_lue,
            desservie as desservie_lue
        from lues
    ),

    classees as (
        select
            nettoyees.*,
            row_number() over (
                partition by nettoyees.commune_code
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as rang
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
    ),

    jugees as (
        select
            *,
            case
                when commune_code is null
                then 'commune_code_illisible'
                when est_desservie is null
                then 'desserte_illisible'
                when rang > 1
                then 'commune_deux_lignes'
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (commune_lue, desservie_lue),
            'dessertes' as source,
            case
                when anomalie is null
                then 'gardee'
                when anomalie = 'commune_deux_lignes'
                then 'fusionnee'
                else 'rejetee'
            end as sort,
            case
                when anomalie = 'desserte_illisible' then 'desservie' else 'commune_code'
            end as anomalie_colonne,
            case
                when anomalie = 'desserte_illisible' then desservie_lue else commune_lue
            end as anomalie_valeur
        from jugees
    )

select *
from final
