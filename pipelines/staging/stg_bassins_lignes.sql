-- Grain : une ligne par ligne lue des fichiers de bassins, avec son sort.
with
    lues as (select * from raw_bassins),
    fichiers as (select * from stg_fichier where source = 'bassins'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            texte(bassin) as bassin,
            texte(reseau) as reseau,
            uai as anomalie_valeur
        from lues
    ),

    classees as (
        select
            nettoyees.*,
            row_number() over (
                partition by nettoyees.uai
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as rang
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
    ),

    final as (
        select
            *,
            'bassins' as source,
            case
                when est_uai(uai) and cle_uai_juste(uai) and rang = 1 and bassin is null
                then 'bassin'
                else 'uai'
            end as anomalie_colonne,
            case
                when not est_uai(uai) or not cle_uai_juste(uai)
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when not est_uai(uai) or not cle_uai_juste(uai)
                then 'uai_illisible_local'
                when rang > 1
                then 'uai_deux_lignes'
                when bassin is null
                then 'bassin_vide'
                when uai_a_perdu_un_zero(anomalie_valeur)
                then 'uai_zero_perdu'
            end as anomalie
        from classees
    )

select *
from final
