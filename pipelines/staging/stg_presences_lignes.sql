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

    classees as (
        select
            *,
            row_number() over (
                partition by poste_id, uai, demi_journees, periodicite order by fichier, ligne
            ) as rang
        from nettoyees
    ),

    jugees as (
        select
            classees.*,
            classees.demi_journees * periodicites.fois_par_cycle as demi_journees_cycle,
            case
                when classees.poste_id is null
                then 'poste_sans_identifiant'
                when not est_uai(classees.uai) or not cle_uai_juste(classees.uai)
                then 'uai_illisible_local'
                when classees.demi_journees is null or classees.demi_journees < 0
                then 'demi_journees_illisibles'
                when periodicites.periodicite is null
                then 'periodicite_inconnue'
                when
                    classees.demi_journees * periodicites.fois_par_cycle
                    > temps_plein.demi_journees_cycle
                then 'presence_trop_longue'
                when classees.rang > 1
                then 'presence_deux_lignes'
                when uai_a_perdu_un_zero(classees.uai_lu)
                then 'uai_zero_perdu'
            end as anomalie
        from classees
        cross join temps_plein
        left join periodicites on classees.periodicite = periodicites.periodicite
    ),

    final as (
        select
            * exclude (uai_lu, demi_journees_lues, periodicite_lue),
            'presences' as source,
            case
                when anomalie is null or anomalie = 'uai_zero_perdu'
                then 'gardee'
                when anomalie = 'presence_deux_lignes'
                then 'fusionnee'
                else 'rejetee'
            end as sort,
            case
                anomalie
                when 'uai_illisible_local'
                then 'uai'
                when 'uai_zero_perdu'
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
                when 'uai_zero_perdu'
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
