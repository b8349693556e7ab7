-- Grain : une ligne par ligne lue des fichiers de conditions d'exercice, avec son sort.
with
    lues as (select * from raw_conditions),
    fichiers as (select * from stg_fichier where source = 'conditions'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            oui_non(bureau) as a_bureau,
            oui_non(telephone) as a_telephone,
            oui_non(rangement_ferme) as a_rangement_ferme,
            uai as uai_lu,
            bureau as bureau_lu,
            telephone as telephone_lu,
            rangement_ferme as rangement_lu
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

    jugees as (
        select
            *,
            case
                when texte(bureau_lu) is not null and a_bureau is null
                then 'bureau'
                when texte(telephone_lu) is not null and a_telephone is null
                then 'telephone'
                when texte(rangement_lu) is not null and a_rangement_ferme is null
                then 'rangement_ferme'
            end as colonne_illisible
        from classees
    ),

    nommees as (
        select
            *,
            case
                when not est_uai(uai) or not cle_uai_juste(uai)
                then 'uai_illisible_local'
                when colonne_illisible is not null
                then 'condition_illisible'
                when rang > 1
                then 'uai_deux_lignes'
                when uai_a_perdu_un_zero(uai_lu)
                then 'uai_zero_perdu'
            end as anomalie
        from jugees
    ),

    final as (
        select
            * exclude (uai_lu, bureau_lu, telephone_lu, rangement_lu, colonne_illisible),
            'conditions' as source,
            case
                when anomalie is null or anomalie = 'uai_zero_perdu'
                then 'gardee'
                when anomalie = 'uai_deux_lignes'
                then 'fusionnee'
                else 'rejetee'
            end as sort,
            case
                when anomalie = 'condition_illisible' then colonne_illisible else 'uai'
            end as anomalie_colonne,
            case
                when anomalie != 'condition_illisible'
                then uai_lu
                when colonne_illisible = 'bureau'
                then bureau_lu
                when colonne_illisible = 'telephone'
                then telephone_lu
                else rangement_lu
            end as anomalie_valeur
        from nommees
    )

select *
from final
