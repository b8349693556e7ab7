-- Grain : une ligne par ligne lue des fichiers de conditions d'exercice, avec son sort.
with
    lues as (select * from raw_conditions),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            oui_non(bureau) as a_bureau,
            oui_non(telephone) as a_telephone,
            oui_non(rangement_ferme) as a_rangement_ferme,
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
            'conditions' as source,
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
