-- Grain : une ligne par ligne lue des fichiers de dispositifs, avec son sort.
with
    lues as (select * from raw_dispositifs),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            sans_accents(dispositif) as dispositif,
            oui_non(present) as est_present,
            texte(source_dispositif) as origine,
            uai as uai_lu,
            present as present_lu
        from lues
    ),

    classees as (
        select
            *, row_number() over (partition by uai, dispositif order by fichier desc, ligne) as rang
        from nettoyees
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
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (uai_lu, present_lu),
            'dispositifs' as source,
            case
                when anomalie is null
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
                then dispositif
                when 'present_illisible'
                then present_lu
                else uai_lu
            end as anomalie_valeur
        from jugees
    )

select *
from final
