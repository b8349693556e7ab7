-- Grain : une ligne par ligne lue des fichiers de bassins, avec son sort.
with
    lues as (select * from raw_bassins),

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
        select *, row_number() over (partition by uai order by fichier desc, ligne) as rang
        from nettoyees
    ),

    final as (
        select
            *,
            'bassins' as source,
            'uai' as anomalie_colonne,
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
            end as anomalie
        from classees
    )

select *
from final
