-- Grain : une ligne par ligne lue des fichiers d'activité, avec son sort.
with
    lues as (select * from raw_activite),

    nettoyees as (
        select
            fichier,
            ligne,
            texte(annee_scolaire) as annee_scolaire,
            annee_rentree(annee_scolaire) as rentree,
            case
                when lower(texte(periode)) = 'annee' then 'annee' else upper(texte(periode))
            end as periode,
            uai_propre(uai) as uai,
            lower(texte(indicateur)) as indicateur,
            lower(texte(modalite)) as modalite,
            entier(nombre) as nombre,
            coalesce(sans_accents(origine) like 'SIMUL%', false) as est_simule,
            nombre as nombre_lu,
            uai as uai_lu
        from lues
    ),

    jugees as (
        select
            *,
            case
                when rentree is null
                then 'annee_illisible'
                when periode is null or periode not in ('annee', 'T1', 'T2', 'T3')
                then 'periode_inconnue'
                when not est_uai(uai) or not cle_uai_juste(uai)
                then 'uai_illisible_local'
                when indicateur is null
                then 'indicateur_absent'
                when nombre is null or nombre < 0
                then 'nombre_illisible'
            end as anomalie
        from nettoyees
    ),

    final as (
        select
            * exclude (nombre_lu, uai_lu),
            'activite' as source,
            case when anomalie is null then 'gardee' else 'rejetee' end as sort,
            case
                anomalie
                when 'annee_illisible'
                then 'annee_scolaire'
                when 'periode_inconnue'
                then 'periode'
                when 'uai_illisible_local'
                then 'uai'
                when 'indicateur_absent'
                then 'indicateur'
                else 'nombre'
            end as anomalie_colonne,
            case
                anomalie
                when 'annee_illisible'
                then annee_scolaire
                when 'periode_inconnue'
                then periode
                when 'uai_illisible_local'
                then uai_lu
                when 'indicateur_absent'
                then indicateur
                else nombre_lu
            end as anomalie_valeur
        from jugees
    )

select *
from final
