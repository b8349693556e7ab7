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

    -- d'une ligne rejetée, chaque cellule à corriger est dite
    jugees as (
        select
            classees.*,
            classees.demi_journees * periodicites.fois_par_cycle as demi_journees_cycle,
            a_redire(
                [
                    cellule(
                        'poste_id',
                        classees.poste_id,
                        case when classees.poste_id is null then 'poste_sans_identifiant' end
                    ),
                    cellule(
                        'uai',
                        classees.uai_lu,
                        case when not uai_juste(classees.uai) then 'uai_illisible_local' end
                    ),
                    cellule(
                        'demi_journees',
                        classees.demi_journees_lues,
                        case
                            when classees.demi_journees is null or classees.demi_journees < 0
                            then 'demi_journees_illisibles'
                            when
                                classees.demi_journees * periodicites.fois_par_cycle
                                > temps_plein.demi_journees_cycle
                            then 'presence_trop_longue'
                        end
                    ),
                    cellule(
                        'periodicite',
                        classees.periodicite_lue,
                        case when periodicites.periodicite is null then 'periodicite_inconnue' end
                    )
                ]
            ) as fautes
        from classees
        cross join temps_plein
        left join periodicites on classees.periodicite = periodicites.periodicite
    ),

    final as (
        select
            'presences' as source,
            fichier,
            ligne,
            poste_id,
            uai,
            demi_journees,
            periodicite,
            demi_journees_cycle,
            est_simule,
            sort_de(len(fautes) > 0, rang) as sort,
            case
                when len(fautes) > 0
                then fautes
                when rang > 1
                then [cellule('poste_id', poste_id, 'presence_deux_lignes')]
                else a_redire([cellule('uai', uai_lu, motif_uai_local(uai, uai_lu))])
            end as anomalies
        from jugees
    )

select *
from final
