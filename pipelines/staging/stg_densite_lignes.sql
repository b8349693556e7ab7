-- Grain : une ligne par ligne lue de la grille communale de densité, avec son sort.
with
    lues as (select * from raw_densite),
    fichiers as (select * from stg_fichier where source = 'densite'),
    niveaux as (select valeur from ref_parametres where nom = 'niveaux_de_densite'),

    nettoyees as (
        select
            'densite' as source,
            fichier,
            ligne,
            commune_de(code_commune) as commune_code,
            texte(nom_commune) as commune,
            case
                when entier(densite) between 1 and niveaux.valeur then entier(densite)
            end as densite,
            texte(libelle_densite) as libelle_densite,
            case when entier(population) >= 0 then entier(population) end as population,
            texte(population) as population_lue,
            concat_ws(' : ', code_commune, densite) as valeur_lue
        from lues
        cross join niveaux
    ),

    classees as (
        select
            nettoyees.*,
            row_number() over rangs as rang,
            first_value(nettoyees.fichier) over rangs as fichier_retenu,
            first_value(nettoyees.densite) over rangs as densite_retenue
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
        window
            -- une ligne sans niveau, qui sera rejetée, n'en remplace aucune
            rangs as (
                partition by nettoyees.commune_code
                order by
                    nettoyees.densite is null,
                    fichiers.rang_millesime,
                    nettoyees.fichier,
                    nettoyees.ligne
            )
    ),

    final as (
        select
            * exclude (densite_retenue),
            sort_de(commune_code is null or densite is null, rang) as sort,
            case
                when commune_code is null or densite is null
                then 'densite_illisible'
                when rang > 1 and fichier != fichier_retenu
                then 'remplacee_par_plus_recent'
                when rang > 1 and densite != densite_retenue
                then 'lignes_contraires'
                when rang > 1
                then 'commune_deux_lignes'
                when population is null and population_lue is not null
                then 'population_illisible'
            end as anomalie,
            case
                anomalie
                when 'population_illisible'
                then 'population'
                when 'lignes_contraires'
                then 'densite'
                else 'code_commune'
            end as anomalie_colonne,
            case
                anomalie
                when 'population_illisible'
                then concat_ws(' : ', commune_code, population_lue)
                when 'lignes_contraires'
                then contraires(commune_code, densite, densite_retenue, fichier_retenu)
                else valeur_lue
            end as anomalie_valeur
        from classees
    )

select *
from final
