-- Grain : une ligne par ligne lue des fichiers de présences, avec son sort.
with
    lues as (select * from raw_presences),

    periodicites as (select * from ref_periodicites),

    temps_plein as (
        select product(valeur) as demi_journees_cycle
        from ref_parametres
        where nom in ('demi_journees_par_semaine', 'semaines_par_cycle')
    ),

    nettoyees as (
        select
            fichier,
            ligne,
            texte(poste_id) as poste_id,
            uai_propre(uai) as uai,
            nombre(demi_journees) as demi_journees,
            lower(texte(periodicite)) as periodicite,
            coalesce(sans_accents(origine) like 'SIMUL%', false) as est_simule,
            uai as uai_lu,
            demi_journees as demi_journees_lues,
            periodicite as periodicite_lue
        from lues
    ),

    jugees as (
        select
            nettoyees.*,
            nettoyees.demi_journees * periodicites.fois_par_cycle as demi_journees_cycle,
            case
                when nettoyees.poste_id is null
                then 'poste_sans_identifiant'
                when not est_uai(nettoyees.uai) or not cle_uai_juste(nettoyees.uai)
                then 'uai_illisible_local'
                when nettoyees.demi_journees is null or nettoyees.demi_journees < 0
                then 'demi_journees_illisibles'
                when periodicites.periodicite is null
                then 'periodicite_inconnue'
                when
                    nettoyees.demi_journees * periodicites.fois_par_cycle
                    > temps_plein.demi_journees_cycle
                then 'presence_trop_longue'
            end as anomalie
        from nettoyees
        cross join temps_plein
        left join periodicites on nettoyees.periodicite = periodicites.periodicite
    ),

    final as (
        select
            * exclude (uai_lu, demi_journees_lues, periodicite_lue),
            'presences' as source,
            case when anomalie is null then 'gardee' else 'rejetee' end as sort,
            case
                anomalie
                when 'uai_illisible_local'
                then 'uai'
                when 'demi_journees_illisibles'
                then 'demi_journees'
                when 'presence_trop_longue'
                then 'demi_journees'
                when 'periodicite_inconnue'
                then 'periodicite'
                else 'poste_id'
            end as anomalie_colonne,
            case
                anomalie
                when 'uai_illisible_local'
                then uai_lu
                when 'demi_journees_illisibles'
                then demi_journees_lues
                when 'presence_trop_longue'
                then demi_journees_lues
                when 'periodicite_inconnue'
                then periodicite_lue
                else poste_id
            end as anomalie_valeur
        from jugees
    )

select *
from final
