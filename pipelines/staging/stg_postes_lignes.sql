-- Grain : une ligne par ligne lue des fichiers de postes, avec son sort.
with
    lues as (select * from raw_postes),
    minimum as (select valeur from ref_parametres where nom = 'quotite_pourcentage_min'),

    nettoyees as (
        select
            fichier,
            ligne,
            texte(poste_id) as poste_id,
            upper(texte(fonction)) as fonction,
            part_de(quotite, minimum.valeur) as quotite_etp,
            est_pourcentage_nu(quotite, minimum.valeur) as est_quotite_sans_signe,
            est_pourcentage_nu(hors_secteur_etp, minimum.valeur) as est_hors_secteur_sans_signe,
            uai_propre(residence_uai) as residence_uai,
            lower(sans_accents(statut)) as statut,
            texte(bassin) as bassin,
            case
                when texte(hors_secteur_etp) is null
                then 0
                else part_de(hors_secteur_etp, minimum.valeur)
            end as hors_secteur_etp,
            lower(texte(hors_secteur_motif)) as hors_secteur_motif,
            case
                when texte(sans_secteur) is null then false else oui_non(sans_secteur)
            end as sans_secteur,
            coalesce(sans_accents(origine) like 'SIMUL%', false) as est_simule,
            fonction as fonction_lue,
            quotite as quotite_lue,
            residence_uai as residence_lue,
            statut as statut_lu,
            hors_secteur_motif as motif_lu,
            hors_secteur_etp as hors_secteur_lu,
            sans_secteur as sans_secteur_lu
        from lues
        cross join minimum
    ),

    classees as (
        select *, row_number() over (partition by poste_id order by fichier, ligne) as rang
        from nettoyees
    ),

    -- d'une ligne rejetée, chaque cellule à corriger est dite
    jugees as (
        select
            *,
            a_redire(
                [
                    cellule(
                        'poste_id',
                        poste_id,
                        case
                            when poste_id is null
                            then 'poste_sans_identifiant'
                            when rang > 1
                            then 'poste_deux_lignes'
                        end
                    ),
                    cellule(
                        'fonction',
                        fonction_lue,
                        case
                            when fonction is null or fonction not in ('ASS', 'CTSS')
                            then 'fonction_inconnue'
                        end
                    ),
                    cellule(
                        'quotite',
                        quotite_lue,
                        case
                            when est_part_ambigue(quotite_lue)
                            then 'quotite_ambigue'
                            when quotite_etp is null or quotite_etp <= 0 or quotite_etp > 1
                            then 'quotite_hors_bornes'
                        end
                    ),
                    cellule(
                        'residence_uai',
                        residence_lue,
                        case when not uai_juste(residence_uai) then 'residence_illisible' end
                    ),
                    cellule(
                        'statut',
                        statut_lu,
                        case
                            when
                                statut is null
                                or statut not in ('occupe', 'vacant', 'supplee', 'absent')
                            then 'statut_inconnu'
                        end
                    ),
                    cellule(
                        'hors_secteur_etp',
                        hors_secteur_lu,
                        case
                            when est_part_ambigue(hors_secteur_lu)
                            then 'hors_secteur_ambigu'
                            when
                                hors_secteur_etp is null
                                or hors_secteur_etp < 0
                                or hors_secteur_etp > quotite_etp
                            then 'hors_secteur_hors_bornes'
                        end
                    ),
                    cellule(
                        'hors_secteur_motif',
                        motif_lu,
                        case
                            when
                                hors_secteur_motif
                                not in ('mdph', 'cdoea', 'sapad', 'coordination', 'autre_mission')
                            then 'hors_secteur_motif_inconnu'
                        end
                    ),
                    cellule(
                        'sans_secteur',
                        sans_secteur_lu,
                        case when sans_secteur is null then 'sans_secteur_illisible' end
                    )
                ]
            ) as fautes,
            a_redire(
                [
                    cellule(
                        'quotite',
                        quotite_lue,
                        case when est_quotite_sans_signe then 'quotite_en_pourcentage' end
                    ),
                    cellule(
                        'hors_secteur_etp',
                        hors_secteur_lu,
                        case
                            when est_hors_secteur_sans_signe and hors_secteur_etp <= quotite_etp
                            then 'hors_secteur_en_pourcentage'
                        end
                    ),
                    cellule(
                        'residence_uai',
                        residence_lue,
                        case
                            when uai_a_perdu_un_zero(residence_lue) and uai_juste(residence_uai)
                            then 'uai_zero_perdu'
                        end
                    )
                ]
            ) as remarques
        from classees
    ),

    final as (
        select
            'postes' as source,
            fichier,
            ligne,
            poste_id,
            fonction,
            quotite_etp,
            residence_uai,
            statut,
            bassin,
            hors_secteur_etp,
            hors_secteur_motif,
            sans_secteur,
            est_simule,
            case when len(fautes) = 0 then 'gardee' else 'rejetee' end as sort,
            fautes || remarques as anomalies
        from jugees
    )

select *
from final
