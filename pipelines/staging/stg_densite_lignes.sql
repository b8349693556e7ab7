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
            entier(population) as population,
            concat_ws(' : ', code_commune, densite) as valeur_lue
        from lues
        cross join niveaux
    ),

    classees as (
        select
            nettoyees.*,
            -- une ligne sans niveau, qui sera rejetée, n'en remplace aucune
            row_number() over (
                partition by nettoyees.commune_code
                order by
                    nettoyees.densite is null,
                    fichiers.rang_millesime,
                    nettoyees.fichier,
                    nettoyees.ligne
            ) as rang,
            first_value(nettoyees.fichier) over (
                partition by nettoyees.commune_code
                order by
                    nettoyees.densite is null,
                    fichiers.rang_millesime,
                    nettoyees.fichier,
                    nettoyees.ligne
            ) as fichier_retenu
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
    ),

    final as (
        select
            *,
            case
                when commune_code is null or densite is null
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when commune_code is null or densite is null
                then 'densite_illisible'
                when rang > 1 and fichier != fichier_retenu
                then 'remplacee_par_plus_recent'
                when rang > 1
                then 'commune_deux_lignes'
            end as anomalie,
            'code_commune' as anomalie_colonne,
            valeur_lue as anomalie_valeur
        from classees
    )

select *
from final
