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

    jugees as (
        select
            *,
            case
                when poste_id is null
                then 'poste_sans_identifiant'
                when rang > 1
                then 'poste_deux_lignes'
                when fonction is null or fonction not in ('ASS', 'CTSS')
                then 'fonction_inconnue'
                when est_part_ambigue(quotite_lue)
                then 'quotite_ambigue'
                when quotite_etp is null or quotite_etp <= 0 or quotite_etp > 1
                then 'quotite_hors_bornes'
                when not est_uai(residence_uai) or not cle_uai_juste(residence_uai)
                then 'residence_illisible'
                when statut is null or statut not in ('occupe', 'vacant', 'supplee', 'absent')
                then 'statut_inconnu'
                when est_part_ambigue(hors_secteur_lu)
                then 'hors_secteur_ambigu'
                when
                    hors_secteur_etp is null
                    or hors_secteur_etp < 0
                    or hors_secteur_etp > quotite_etp
                then 'hors_secteur_hors_bornes'
                when
                    hors_secteur_motif
                    not in ('mdph', 'cdoea', 'sapad', 'coordination', 'autre_mission')
                then 'hors_secteur_motif_inconnu'
                when sans_secteur is null
                then 'sans_secteur_illisible'
                when est_quotite_sans_signe
                then 'quotite_en_pourcentage'
                when est_hors_secteur_sans_signe
                then 'hors_secteur_en_pourcentage'
                when uai_a_perdu_un_zero(residence_lue)
                then 'uai_zero_perdu'
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (
                est_quotite_sans_signe,
                est_hors_secteur_sans_signe,
                fonction_lue,
                quotite_lue,
                residence_lue,
                statut_lu,
                motif_lu,
                hors_secteur_lu,
                sans_secteur_lu
            ),
            'postes' as source,
            case
                when
                    anomalie is null
                    or anomalie
                    in ('quotite_en_pourcentage', 'hors_secteur_en_pourcentage', 'uai_zero_perdu')
                then 'gardee'
                else 'rejetee'
            end as sort,
            case
                anomalie
                when 'fonction_inconnue'
                then 'fonction'
                when 'quotite_ambigue'
                then 'quotite'
                when 'quotite_hors_bornes'
                then 'quotite'
                when 'quotite_en_pourcentage'
                then 'quotite'
                when 'hors_secteur_en_pourcentage'
                then 'hors_secteur_etp'
                when 'uai_zero_perdu'
                then 'residence_uai'
                when 'residence_illisible'
                then 'residence_uai'
                when 'statut_inconnu'
                then 'statut'
                when 'hors_secteur_ambigu'
                then 'hors_secteur_etp'
                when 'hors_secteur_hors_bornes'
                then 'hors_secteur_etp'
                when 'hors_secteur_motif_inconnu'
                then 'hors_secteur_motif'
                when 'sans_secteur_illisible'
                then 'sans_secteur'
                else 'poste_id'
            end as anomalie_colonne,
            case
                anomalie
                when 'fonction_inconnue'
                then fonction_lue
                when 'quotite_ambigue'
                then quotite_lue
                when 'quotite_hors_bornes'
                then quotite_lue
                when 'quotite_en_pourcentage'
                then quotite_lue
                when 'hors_secteur_en_pourcentage'
                then hors_secteur_lu
                when 'uai_zero_perdu'
                then residence_lue
                when 'residence_illisible'
                then residence_lue
                when 'statut_inconnu'
                then statut_lu
                when 'hors_secteur_ambigu'
                then hors_secteur_lu
                when 'hors_secteur_hors_bornes'
                then hors_secteur_lu
                when 'hors_secteur_motif_inconnu'
                then motif_lu
                when 'sans_secteur_illisible'
                then sans_secteur_lu
                else poste_id
            end as anomalie_valeur
        from jugees
    )

select *
from final
