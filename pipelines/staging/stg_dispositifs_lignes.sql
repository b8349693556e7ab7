-- Grain : une ligne par ligne lue des fichiers de dispositifs, avec son sort.
with
    lues as (select * from raw_dispositifs),
    fichiers as (select * from stg_fichier where source = 'dispositifs'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            sans_accents(dispositif) as dispositif,
            oui_non(present) as est_present,
            texte(source_dispositif) as origine,
            uai as uai_lu,
            dispositif as dispositif_lu,
            present as present_lu
        from lues
    ),

    classees as (
        select
            nettoyees.*,
            row_number() over (
                partition by nettoyees.uai, nettoyees.dispositif
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as rang
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
    ),

    jugees as (
        select
            *,
            case
                when not est_uai(uai) or not cle_uai_juste(uai)
                then 'uai_illisible_local'
                when
                    dispositif is null
                    or dispositif not in ('UPE2A', 'RELAIS', 'ULIS', 'SEGPA', 'INTERNAT')
                then 'dispositif_inconnu'
                when est_present is null
                then 'present_illisible'
                when rang > 1
                then 'dispositif_deux_lignes'
                when uai_a_perdu_un_zero(uai_lu)
                then 'uai_zero_perdu'
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (uai_lu, dispositif_lu, present_lu),
            'dispositifs' as source,
            case
                when anomalie is null or anomalie = 'uai_zero_perdu'
                then 'gardee'
                when anomalie = 'dispositif_deux_lignes'
                then 'fusionnee'
                else 'rejetee'
            end as sort,
            case
                anomalie
                when 'dispositif_inconnu'
                then 'dispositif'
                when 'present_illisible'
                then 'present'
                else 'uai'
            end as anomalie_colonne,
            case
                anomalie
                when 'dispositif_inconnu'
                then dispositif_lu
                when 'present_illisible'
                then present_lu
                else uai_lu
            end as anomalie_valeur
        from jugees
    )

select *
from final
