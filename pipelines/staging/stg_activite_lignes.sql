-- Grain : une ligne par ligne lue des fichiers d'activité, avec son sort.
-- Vue : des millions de lignes qu'un relevé annuel ajoute, seules les gardées sont écrites.
with
    lues as (select * from raw_activite),
    uais as (select * from stg_activite_uai),
    repetees as (select * from stg_activite_repetees),

    nettoyees as (
        select
            lues.fichier,
            lues.ligne,
            texte(lues.annee_scolaire) as annee_scolaire,
            annee_rentree(lues.annee_scolaire) as rentree,
            case
                when lower(lues.periode) in ('annee', 'année') then 'annee' else upper(lues.periode)
            end as periode,
            uais.uai,
            lower(texte(lues.indicateur)) as indicateur,
            lower(texte(lues.modalite)) as modalite,
            entier(lues.nombre) as nombre,
            coalesce(sans_accents(lues.origine) like 'SIMUL%', false) as est_simule,
            lues.periode as periode_lue,
            lues.nombre as nombre_lu,
            lues.uai as uai_lu,
            coalesce(uais.est_lisible, false) as est_uai_lisible,
            uais.a_perdu_un_zero,
            repetees.ligne is not null as est_repetee
        from lues
        left join uais on lues.uai = uais.uai_lu
        left join repetees on lues.fichier = repetees.fichier and lues.ligne = repetees.ligne
    ),

    jugees as (
        select
            *,
            case
                when rentree is null
                then 'annee_illisible'
                when rentree > year(current_date)
                then 'annee_a_venir'
                when periode is null or periode not in ('annee', 'T1', 'T2', 'T3')
                then 'periode_inconnue'
                when not est_uai_lisible
                then 'uai_illisible_local'
                when indicateur is null
                then 'indicateur_absent'
                when nombre is null or nombre < 0
                then 'nombre_illisible'
                when est_repetee
                then 'activite_deux_lignes'
                when a_perdu_un_zero
                then 'uai_zero_perdu'
            end as anomalie
        from nettoyees
    ),

    final as (
        select
            * exclude (
                periode_lue, nombre_lu, uai_lu, est_uai_lisible, a_perdu_un_zero, est_repetee
            ),
            'activite' as source,
            case
                when anomalie is null or anomalie = 'uai_zero_perdu'
                then 'gardee'
                when anomalie = 'activite_deux_lignes'
                then 'fusionnee'
                else 'rejetee'
            end as sort,
            case
                anomalie
                when 'annee_illisible'
                then 'annee_scolaire'
                when 'annee_a_venir'
                then 'annee_scolaire'
                when 'periode_inconnue'
                then 'periode'
                when 'uai_illisible_local'
                then 'uai'
                when 'uai_zero_perdu'
                then 'uai'
                when 'indicateur_absent'
                then 'indicateur'
                when 'nombre_illisible'
                then 'nombre'
                when 'activite_deux_lignes'
                then 'nombre'
            end as anomalie_colonne,
            case
                anomalie
                when 'annee_illisible'
                then annee_scolaire
                when 'annee_a_venir'
                then annee_scolaire
                when 'periode_inconnue'
                then periode_lue
                when 'uai_illisible_local'
                then uai_lu
                when 'uai_zero_perdu'
                then uai_lu
                when 'nombre_illisible'
                then nombre_lu
                when 'activite_deux_lignes'
                then nombre_lu
            end as anomalie_valeur
        from jugees
    )

select *
from final
