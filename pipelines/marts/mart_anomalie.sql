-- Grain : une anomalie rencontrée, avec ce qu'il faut pour y remédier.
with
    motifs as (select * from ref_motifs_anomalie),

    etablissements as (select * from mart_etablissement),
    perimetre as (select * from etablissements where dans_perimetre),
    rattachements as (select * from mart_rattachement),
    reseaux as (select * from stg_education_prioritaire),
    departements as (select * from ref_departements),
    postes as (select * from mart_poste),
    postes_donnes as (select * from stg_postes),
    presences as (select * from stg_presences),
    activite as (select * from stg_activite),

    -- connus de l'annuaire, mais dans un département qui n'est pas demandé
    ailleurs as (
        select annuaire.uai
        from stg_annuaire as annuaire
        left join etablissements on annuaire.uai = etablissements.uai
        where etablissements.uai is null
    ),

    lignes as (
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_annuaire_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_education_prioritaire_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_ips_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_effectifs_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_densite_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_contours_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_postes_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_presences_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_activite_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_dispositifs_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_bassins_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_conditions_lignes
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_trajets_lignes
        union all
        select source, fichier, ligne, null, raison, 'ligne_illisible'
        from stg_rejet
    ),

    etablissements_juges as (
        select
            'annuaire' as source,
            fichier,
            ligne,
            'latitude',
            uai || ' ' || nom,
            'position_de_la_commune'
        from perimetre
        where qualite_position = 'commune'
        union all
        select 'annuaire', fichier, ligne, 'latitude', uai || ' ' || nom, 'position_inconnue'
        from perimetre
        where qualite_position = 'inconnue'
        union all
        select
            'annuaire',
            fichier,
            ligne,
            'Appartenance_Education_Prioritaire',
            uai || ' ' || nom || ', retenu ' || coalesce(ep, 'aucun label'),
            'ep_contradictoire'
        from perimetre
        where est_ep_contradictoire and not est_section and exists (select 1 from reseaux)
        union all
        select 'annuaire', fichier, ligne, 'uai', uai || ' ' || nom, 'ecole_rep_plus_sans_reseau'
        from etablissements
        where motif_hors_perimetre = 'ecole_sans_reseau'
        union all
        select
            'annuaire',
            perimetre.fichier,
            perimetre.ligne,
            'etablissement_mere',
            perimetre.uai
            || ' '
            || perimetre.nom
            || ', mère '
            || coalesce(perimetre.uai_mere, 'absente'),
            'mere_hors_perimetre'
        from perimetre
        inner join rattachements on perimetre.uai = rattachements.uai
        where rattachements.raison = 'section_sans_mere'
        union all
        select 'annuaire', fichier, ligne, 'Nombre_d_eleves', uai || ' ' || nom, 'effectif_inconnu'
        from perimetre
        where effectif is null and type != 'ECOLE' and not est_section
        union all
        select
            'annuaire',
            fichier,
            ligne,
            'Code_commune',
            uai || ' ' || commune_code,
            'densite_inconnue'
        from perimetre
        where densite is null
    ),

    reseaux_juges as (
        select
            'education_prioritaire' as source,
            min(reseaux.fichier) as fichier,
            min(reseaux.ligne) as ligne,
            'uai_tete_de_reseau' as colonne,
            reseaux.uai_tete_reseau as valeur,
            'tete_de_reseau_absente' as code
        from reseaux
        inner join rattachements on 'RESEAU-' || reseaux.uai_tete_reseau = rattachements.site_id
        left join perimetre as tetes on reseaux.uai_tete_reseau = tetes.uai
        where tetes.uai is null
        group by reseaux.uai_tete_reseau
        union all
        select
            'education_prioritaire',
            reseaux.fichier,
            reseaux.ligne,
            'uai',
            reseaux.uai || ' ' || coalesce(reseaux.nom, ''),
            'ecole_absente_annuaire'
        from reseaux
        inner join departements on reseaux.departement = departements.departement
        left join etablissements on reseaux.uai = etablissements.uai
        where etablissements.uai is null
    ),

    presences_jugees as (
        select
            'postes' as source,
            fichier,
            ligne,
            'residence_uai' as colonne,
            poste_id || ' : ' || residence_uai as valeur,
            'residence_inconnue' as code
        from postes
        where departement is null
        union all
        select
            'presences',
            presences.fichier,
            presences.ligne,
            'poste_id',
            presences.poste_id,
            'presence_poste_inconnu'
        from presences
        left join postes_donnes on presences.poste_id = postes_donnes.poste_id
        where postes_donnes.poste_id is null
        union all
        select
            'presences',
            presences.fichier,
            presences.ligne,
            'uai',
            presences.uai,
            'presence_hors_perimetre'
        from presences
        left join rattachements on presences.uai = rattachements.uai
        left join ailleurs on presences.uai = ailleurs.uai
        where rattachements.uai is null and ailleurs.uai is null
        union all
        select
            'activite',
            activite.fichier,
            min(activite.ligne),
            'uai',
            activite.uai,
            'activite_hors_perimetre'
        from activite
        left join rattachements on activite.uai = rattachements.uai
        left join ailleurs on activite.uai = ailleurs.uai
        where rattachements.uai is null and ailleurs.uai is null
        group by activite.fichier, activite.uai
    ),

    reunies as (
        select *
        from lignes
        where anomalie is not null
        union all
        select *
        from etablissements_juges
        union all
        select *
        from reseaux_juges
        union all
        select *
        from presences_jugees
    ),

    final as (
        select
            reunies.source,
            reunies.fichier,
            reunies.ligne,
            reunies.anomalie_colonne as colonne,
            reunies.anomalie_valeur as valeur,
            reunies.anomalie as code,
            motifs.raison,
            motifs.remede,
            motifs.gravite,
            motifs.consequence
        from reunies
        left join motifs on reunies.anomalie = motifs.code
    )

select *
from final
