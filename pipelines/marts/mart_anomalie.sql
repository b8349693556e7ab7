-- Grain : une anomalie rencontrée, avec ce qu'il faut pour y remédier.
with
    motifs as (select * from ref_motifs_anomalie),
    entetes as (select * from stg_entete),
    constats as (select * from stg_constat),
    motifs_hors_perimetre as (select * from ref_motifs_hors_perimetre),
    annuaire as (select * from stg_annuaire),
    cellules as (select * from stg_annuaire_cellules),
    etablissements as (select * from mart_etablissement),
    perimetre as (select * from etablissements where dans_perimetre),
    rattachements as (select * from mart_rattachement),
    reseaux as (select * from stg_education_prioritaire),
    departements as (select * from ref_departements),
    postes as (select * from mart_poste),
    postes_donnes as (select * from stg_postes),
    presences as (select * from stg_presences),
    activite as (select * from mart_activite),
    effectifs as (select * from stg_effectifs),
    dispositifs as (select * from stg_dispositifs),
    bassins as (select * from stg_bassins),
    labels_brevet as (select * from stg_labels_brevet),
    presences_placees as (select * from mart_presence),
    communes as (select * from mart_commune),
    dessertes as (select * from stg_dessertes_lignes where sort = 'gardee'),
    natures as (select * from ref_natures),
    precisions_peu_sures as (select valeur from ref_listes where nom = 'precisions_peu_sures'),
    seuils as (
        select
            max(valeur) filter (where nom = 'ecart_effectif_max') as ecart_effectif_max,
            max(valeur) filter (where nom = 'ecart_effectif_min_eleves') as ecart_min_eleves,
            max(valeur) filter (where nom = 'deplacement_max_km') as deplacement_max_km,
            max(valeur) filter (
                where nom = 'eloignement_commune_max_km'
            ) as eloignement_commune_max_km,
            max(valeur) filter (
                where nom = 'eloignement_departement_max_km'
            ) as eloignement_departement_max_km,
            max(valeur) filter (where nom = 'km_par_degre') as km_par_degre,
            max(valeur) filter (where nom = 'part_temps_presence_max') as part_temps_max,
            max(valeur) filter (where nom = 'demi_journees_par_semaine')
            * max(valeur) filter (where nom = 'semaines_par_cycle') as demi_journees_cycle,
            max(valeur) filter (where nom = 'activite_absurde_fois') as activite_absurde_fois,
            max(valeur) filter (where nom = 'activite_absurde_min') as activite_absurde_min
        from ref_parametres
    ),

    -- connus de l'annuaire, mais dans un département qui n'est pas demandé
    ailleurs as (
        select annuaire.uai
        from annuaire
        left join etablissements on annuaire.uai = etablissements.uai
        where etablissements.uai is null
    ),

    lignes_lues as (
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_annuaire_lignes
        where anomalie is not null
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_education_prioritaire_lignes
        where anomalie is not null
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_densite_lignes
        where anomalie is not null
        union all
        select source, fichier, ligne, anomalie_colonne, anomalie_valeur, anomalie
        from stg_contours_lignes
        where anomalie is not null
        union all
        select source, fichier, ligne, colonne, valeur, anomalie
        from stg_cellules
        union all
        select source, fichier, ligne, null, raison, anomalie
        from stg_rejet
    ),

    -- deux millésimes donnés ensemble : une anomalie par fichier, et non des milliers
    remplacements as (
        select
            source,
            fichier,
            min(ligne),
            min(anomalie_colonne),
            count(*) || case when count(*) > 1 then ' lignes' else ' ligne' end,
            anomalie
        from lignes_lues
        where anomalie in ('uai_dans_deux_annuaires', 'remplacee_par_plus_recent')
        group by source, fichier, anomalie
    ),

    lignes as (
        select *
        from lignes_lues
        where anomalie not in ('uai_dans_deux_annuaires', 'remplacee_par_plus_recent')
        union all
        select *
        from remplacements
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
        where
            qualite_position = 'commune'
            and uai not in (select uai from cellules where colonne = 'latitude')
        union all
        select 'annuaire', fichier, ligne, 'latitude', uai || ' ' || nom, 'position_inconnue'
        from perimetre
        where qualite_position = 'inconnue'
        union all
        select
            'annuaire',
            fichier,
            ligne,
            'education_prioritaire',
            uai || ' ' || nom || ', retenu ' || coalesce(ep, 'aucun label'),
            case
                when ep_source = 'annuaire' then 'ep_hors_liste' else 'ep_contradictoire'
            end as anomalie
        from perimetre
        where est_ep_contradictoire and not est_section and exists (select 1 from reseaux)
        union all
        select 'annuaire', fichier, ligne, 'uai', uai || ' ' || nom, 'ecole_rep_plus_sans_reseau'
        from etablissements
        where motif_hors_perimetre = 'ecole_sans_reseau'
        union all
        select 'annuaire', fichier, ligne, 'uai', uai || ' ' || nom, 'absent_annuaire_recent'
        from etablissements
        where motif_hors_perimetre = 'absent_annuaire_recent'
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
        select 'annuaire', fichier, ligne, 'nombre_d_eleves', uai || ' ' || nom, 'effectif_inconnu'
        from perimetre
        where effectif is null and type != 'ECOLE' and not est_section
        union all
        select
            'annuaire',
            fichier,
            ligne,
            'code_commune',
            uai || ' ' || coalesce(commune_code, commune, 'sans commune'),
            'densite_inconnue'
        from perimetre
        where densite is null
        union all
        select
            'annuaire',
            fichier,
            ligne,
            'etat',
            uai || ' ' || nom || coalesce(', ouverture le ' || date_ouverture, ''),
            'ouverture_a_venir'
        from etablissements
        where motif_hors_perimetre = 'pas_encore_ouvert' and type != 'ECOLE'
        union all
        select 'annuaire', fichier, ligne, 'etat', uai || ' ' || nom, 'fermeture_a_venir'
        from perimetre
        where etat = 'A FERMER'
        union all
        select
            'annuaire',
            fichier,
            ligne,
            'precision_localisation',
            uai || ' ' || nom || ', ' || qualite_position,
            'position_peu_sure'
        from perimetre
        inner join precisions_peu_sures on perimetre.qualite_position = precisions_peu_sures.valeur
        union all
        select
            'annuaire', fichier, ligne, 'ecole_elementaire', uai || ' ' || nom, 'ecole_sans_niveau'
        from perimetre
        where
            type = 'ECOLE'
            and not coalesce(est_elementaire, false)
            and (est_elementaire is null or not coalesce(est_maternelle, false))
        union all
        select
            'annuaire', fichier, ligne, 'statut_public_prive', uai || ' ' || nom, 'secteur_inconnu'
        from etablissements
        where motif_hors_perimetre = 'ni_public_ni_prive' and type != 'ECOLE'
    ),

    -- ce que l'annuaire tait ou dit en mots inconnus, pour un établissement gardé malgré cela
    annuaire_tu as (
        select
            'annuaire',
            perimetre.fichier,
            perimetre.ligne,
            'etat',
            perimetre.uai || ' ' || perimetre.nom || coalesce(', ' || perimetre.etat, ''),
            'etat_inconnu'
        from perimetre
        where coalesce(perimetre.etat, '') not in ('OUVERT', 'A FERMER')
        union all
        select
            'annuaire',
            perimetre.fichier,
            perimetre.ligne,
            'ministere_tutelle',
            perimetre.uai || ' ' || perimetre.nom,
            'ministere_inconnu'
        from perimetre
        inner join annuaire on perimetre.uai = annuaire.uai
        where annuaire.ministere is null
        union all
        select
            'annuaire',
            perimetre.fichier,
            perimetre.ligne,
            'code_nature',
            perimetre.uai
            || ' '
            || perimetre.nom
            || ', '
            || coalesce(annuaire.code_nature, 'sans nature')
            || ', compté comme '
            || perimetre.type,
            'nature_inconnue'
        from perimetre
        inner join annuaire on perimetre.uai = annuaire.uai
        left join natures on annuaire.code_nature = natures.code_nature
        where natures.code_nature is null
        union all
        select
            'annuaire',
            perimetre.fichier,
            perimetre.ligne,
            'nom',
            perimetre.uai || ' ' || perimetre.nom,
            'nom_absent'
        from perimetre
        inner join annuaire on perimetre.uai = annuaire.uai
        where annuaire.est_sans_nom
        union all
        select
            'annuaire',
            etablissements.fichier,
            etablissements.ligne,
            'education_prioritaire',
            etablissements.uai || ' ' || annuaire.label_inconnu,
            'label_inconnu'
        from etablissements
        inner join annuaire on etablissements.uai = annuaire.uai
        where annuaire.label_inconnu is not null
        union all
        -- une écriture se corrige une fois : une anomalie pour tous ceux qui la portent
        select
            'annuaire',
            perimetre.fichier,
            min(perimetre.ligne),
            'libelle_academie',
            annuaire.academie_inconnue || ', nombre d''établissements : ' || count(*),
            'academie_inconnue'
        from perimetre
        inner join annuaire on perimetre.uai = annuaire.uai
        where annuaire.academie_inconnue is not null
        group by perimetre.fichier, annuaire.academie_inconnue
        union all
        select
            'annuaire',
            fichier,
            min(ligne),
            'date_maj_ligne',
            'nombre d''établissements : ' || count(*) || ', dont ' || min(uai),
            'annuaire_sans_date'
        from perimetre
        where date_maj is null
        group by fichier
    ),

    cellules_jugees as (
        select
            'annuaire',
            cellules.fichier,
            cellules.ligne,
            cellules.colonne,
            perimetre.uai || ' ' || perimetre.nom || ', « ' || cellules.valeur || ' »',
            case
                when cellules.colonne = 'latitude' then 'position_illisible' else 'valeur_illisible'
            end as anomalie
        from cellules
        inner join perimetre on cellules.uai = perimetre.uai
    ),

    -- un indice, un effectif d'un établissement que l'annuaire de son département n'a pas
    prefixes as (select distinct prefixe_uai(uai) as prefixe from etablissements),
    rentrees_lues as (
        select source, fichier, ligne, uai, rentree
        from stg_ips_lignes
        where sort = 'gardee'
        union all
        select source, fichier, ligne, uai, rentree
        from stg_effectifs_lignes
        where sort = 'gardee'
    ),
    dernieres_rentrees as (
        select source, max(rentree) as rentree from rentrees_lues group by source
    ),
    orphelines as (
        select
            rentrees_lues.source,
            rentrees_lues.fichier,
            min(rentrees_lues.ligne),
            'uai',
            count(distinct rentrees_lues.uai) || ' UAI, dont ' || min(rentrees_lues.uai),
            'uai_absent_annuaire' as anomalie
        from rentrees_lues
        inner join
            dernieres_rentrees
            on rentrees_lues.source = dernieres_rentrees.source
            and rentrees_lues.rentree = dernieres_rentrees.rentree
        inner join prefixes on prefixe_uai(rentrees_lues.uai) = prefixes.prefixe
        left join annuaire on rentrees_lues.uai = annuaire.uai
        where annuaire.uai is null
        group by rentrees_lues.source, rentrees_lues.fichier
    ),

    -- une cité scolaire sous un seul UAI : le type retenu, et d'où viennent les chiffres
    types_juges as (
        select
            'annuaire',
            lues.fichier,
            lues.ligne,
            'type_etablissement',
            perimetre.uai
            || ' '
            || perimetre.nom
            || ', retenu '
            || annuaire.type_annuaire
            || ', aussi '
            || coalesce(lues.type_annuaire, 'sans type')
            || ' ; effectif : '
            || coalesce(perimetre.effectif || ' (' || perimetre.effectif_fichier || ')', 'inconnu')
            || ' ; IPS : '
            || coalesce(decimale(perimetre.ips) || ' (' || perimetre.ips_fichier || ')', 'inconnu'),
            'uai_deux_types'
        from stg_annuaire_lignes as lues
        inner join perimetre on lues.uai = perimetre.uai and lues.fichier = perimetre.fichier
        inner join annuaire on lues.uai = annuaire.uai
        where lues.sort = 'fusionnee' and lues.type_annuaire is distinct from annuaire.type_annuaire
    ),

    -- jusqu'où un établissement sort du rectangle de sa commune
    eloignements as (
        select
            perimetre.fichier,
            perimetre.ligne,
            perimetre.uai,
            perimetre.nom,
            contours.commune,
            distance_km(
                perimetre.latitude,
                perimetre.longitude,
                greatest(contours.sud, least(contours.nord, perimetre.latitude)),
                greatest(contours.ouest, least(contours.est, perimetre.longitude)),
                seuils.km_par_degre
            ) as eloignement_km
        from perimetre
        inner join
            stg_contours as contours on perimetre.commune_de_reference = contours.commune_code
        cross join seuils
    ),

    -- sans contours de sa commune, à quelle distance du milieu des établissements du département
    milieux as (
        select departement, median(latitude) as latitude, median(longitude) as longitude
        from perimetre
        where qualite_position not in ('commune', 'inconnue')
        group by departement
    ),
    eloignements_du_departement as (
        select
            perimetre.fichier,
            perimetre.ligne,
            perimetre.uai,
            perimetre.nom,
            distance_km(
                perimetre.latitude,
                perimetre.longitude,
                milieux.latitude,
                milieux.longitude,
                seuils.km_par_degre
            ) as eloignement_km
        from perimetre
        inner join milieux on perimetre.departement = milieux.departement
        left join stg_contours as contours on perimetre.commune_de_reference = contours.commune_code
        cross join seuils
        where contours.commune_code is null
    ),

    positions_jugees as (
        select
            'annuaire',
            fichier,
            ligne,
            'latitude',
            uai
            || ' '
            || nom
            || ', à '
            || cast(round(eloignement_km) as integer)
            || ' km de '
            || commune,
            'position_loin_de_sa_commune'
        from eloignements
        cross join seuils
        where eloignement_km > seuils.eloignement_commune_max_km
        union all
        select
            'annuaire',
            lues.fichier,
            lues.ligne,
            'latitude',
            lues.uai
            || ' '
            || perimetre.nom
            || ', '
            || decimale(round(lues.deplacement_km, 1))
            || ' km plus loin',
            case
                when lues.fichier != perimetre.fichier
                then 'position_deplacee'
                else 'position_deux_lignes'
            end as anomalie
        from stg_annuaire_lignes as lues
        inner join perimetre on lues.uai = perimetre.uai
        cross join seuils
        where lues.deplacement_km > seuils.deplacement_max_km
        union all
        select
            'annuaire',
            fichier,
            ligne,
            'latitude',
            uai
            || ' '
            || nom
            || ', à '
            || cast(round(eloignement_km) as integer)
            || ' km du milieu des établissements du département',
            'position_loin_du_departement'
        from eloignements_du_departement
        cross join seuils
        where eloignement_km > seuils.eloignement_departement_max_km
    ),

    -- l'effectif retenu, et le dernier que les fichiers donnent avant lui
    retenus as (
        select
            perimetre.nom,
            perimetre.effectif_fichier,
            effectifs.*,
            annuaire.effectif as effectif_annuaire,
            annuaire.effectif_rentree as rentree_annuaire
        from perimetre
        inner join
            effectifs
            on perimetre.uai = effectifs.uai
            and perimetre.effectif_rentree = effectifs.rentree
        inner join annuaire on perimetre.uai = annuaire.uai
    ),
    precedents as (
        select effectifs.*
        from effectifs
        inner join retenus on effectifs.uai = retenus.uai and effectifs.rentree < retenus.rentree
        qualify row_number() over (partition by effectifs.uai order by effectifs.rentree desc) = 1
    ),

    -- le dernier effectif des fichiers, en face de celui que donne l'annuaire
    derniers as (
        select *
        from effectifs
        qualify row_number() over (partition by uai order by rentree desc) = 1
    ),

    effectifs_juges as (
        select
            retenus.premiere_source as source,
            retenus.premier_fichier as fichier,
            retenus.ligne,
            'effectif' as colonne,
            retenus.uai
            || ' '
            || retenus.nom
            || ', '
            || precedents.effectif
            || ' à la rentrée '
            || precedents.rentree
            || ', '
            || retenus.effectif
            || ' à la rentrée '
            || retenus.rentree as valeur,
            'effectif_saut' as code
        from retenus
        inner join precedents on retenus.uai = precedents.uai
        cross join seuils
        where
            abs(retenus.effectif - precedents.effectif)
            > seuils.ecart_effectif_max * precedents.effectif
            and abs(retenus.effectif - precedents.effectif) >= seuils.ecart_min_eleves
        union all
        select
            premiere_source,
            premier_fichier,
            ligne,
            'effectif',
            uai
            || ' '
            || nom
            || ', '
            || effectif
            || ' ('
            || source
            || '), '
            || effectif_autre_source
            || ' ('
            || autre_source
            || ')',
            'effectif_sources_contraires'
        from retenus
        cross join seuils
        where
            abs(effectif - effectif_autre_source) > seuils.ecart_effectif_max * effectif
            and abs(effectif - effectif_autre_source) >= seuils.ecart_min_eleves
        union all
        select
            premiere_source,
            premier_fichier,
            ligne,
            'effectif',
            uai
            || ' '
            || nom
            || ', '
            || effectif
            || ' ('
            || source
            || '), '
            || effectif_annuaire
            || ' (annuaire)',
            'effectif_sources_contraires'
        from retenus
        cross join seuils
        where
            rentree = rentree_annuaire
            and abs(effectif - effectif_annuaire) > seuils.ecart_effectif_max * effectif
            and abs(effectif - effectif_annuaire) >= seuils.ecart_min_eleves
        union all
        select
            premiere_source,
            premier_fichier,
            ligne,
            'rentree',
            uai
            || ' '
            || nom
            || ', rentrées '
            || rentree_la_plus_ancienne
            || ' et '
            || rentree
            || ' ('
            || effectif_fichier
            || ')',
            'effectif_annees_melees'
        from retenus
        where rentree_la_plus_ancienne < rentree
        union all
        select
            derniers.premiere_source,
            derniers.premier_fichier,
            derniers.ligne,
            'effectif',
            perimetre.uai
            || ' '
            || perimetre.nom
            || ', '
            || derniers.effectif
            || ' à la rentrée '
            || derniers.rentree
            || ', '
            || annuaire.effectif
            || coalesce(
                ' selon l''annuaire de la rentrée ' || annuaire.effectif_rentree,
                ' selon l''annuaire, sans date'
            )
            || ', retenu '
            || perimetre.effectif,
            'effectif_annuaire_contraire'
        from derniers
        inner join perimetre on derniers.uai = perimetre.uai
        inner join annuaire on derniers.uai = annuaire.uai
        cross join seuils
        where
            annuaire.effectif_rentree is distinct from derniers.rentree
            and abs(derniers.effectif - annuaire.effectif)
            > seuils.ecart_effectif_max * perimetre.effectif
            and abs(derniers.effectif - annuaire.effectif) >= seuils.ecart_min_eleves
        union all
        select
            'annuaire',
            perimetre.fichier,
            perimetre.ligne,
            'nombre_d_eleves',
            retenu(
                perimetre.uai || ' ' || perimetre.nom,
                perimetre.effectif || coalesce(' à la rentrée ' || perimetre.effectif_rentree, ''),
                perimetre.effectif_fichier
            ),
            'effectif_repris'
        from perimetre
        inner join annuaire on perimetre.uai = annuaire.uai
        where annuaire.est_effectif_repris and perimetre.effectif_source = 'annuaire'
    ),

    dispositifs_contraires as (
        select
            'dispositifs',
            dispositifs.fichier,
            dispositifs.ligne,
            'present',
            perimetre.uai
            || ' '
            || perimetre.nom
            || ', '
            || dispositifs.dispositif
            || case
                when dispositifs.est_present
                then ', oui, non selon l''annuaire'
                else ', non, oui selon l''annuaire'
            end,
            'dispositif_contraire'
        from dispositifs
        inner join perimetre on dispositifs.uai = perimetre.uai
        inner join annuaire on dispositifs.uai = annuaire.uai
        where
            dispositifs.est_present != case
                dispositifs.dispositif
                when 'SEGPA'
                then annuaire.segpa
                when 'ULIS'
                then annuaire.ulis
                when 'INTERNAT'
                then annuaire.internat
            end
    ),

    bassins_contraires as (
        select
            'bassins',
            bassins.fichier,
            bassins.ligne,
            'bassin',
            perimetre.uai
            || ' '
            || perimetre.nom
            || ', '
            || bassins.bassin
            || ', '
            || annuaire.bassin
            || ' selon l''annuaire',
            'bassin_contraire'
        from bassins
        inner join perimetre on bassins.uai = perimetre.uai
        inner join annuaire on bassins.uai = annuaire.uai
        where sans_accents(bassins.bassin) != sans_accents(annuaire.bassin)
    ),

    -- une cité scolaire sous un seul UAI : le dernier indice de chaque fichier, hormis le retenu
    indices_lus as (
        select *
        from stg_ips_lignes
        where sort = 'gardee' and ips is not null
        qualify row_number() over (partition by uai, source order by rentree desc) = 1
    ),
    indices_contraires as (
        select
            indices_lus.source,
            indices_lus.fichier,
            indices_lus.ligne,
            'ips',
            retenu(
                perimetre.uai
                || ' '
                || perimetre.nom
                || ', '
                || decimale(indices_lus.ips)
                || ' à la rentrée '
                || indices_lus.rentree,
                decimale(perimetre.ips) || ' à la rentrée ' || perimetre.ips_rentree,
                perimetre.ips_fichier
            ),
            'ips_deux_sources'
        from indices_lus
        inner join perimetre on indices_lus.uai = perimetre.uai
        where indices_lus.source != perimetre.ips_source and indices_lus.ips != perimetre.ips
    ),

    labels_juges as (
        select
            'effectifs_brevet',
            labels_brevet.fichier,
            labels_brevet.ligne,
            'rep_plus',
            perimetre.uai
            || ' '
            || perimetre.nom
            || ', retenu '
            || coalesce(perimetre.ep, 'aucun label'),
            case
                when labels_brevet.est_rep and labels_brevet.est_rep_plus
                then 'rep_et_rep_plus'
                else 'label_du_brevet_contraire'
            end
        from labels_brevet
        inner join perimetre on labels_brevet.uai = perimetre.uai
        where
            (labels_brevet.est_rep and labels_brevet.est_rep_plus)
            or (
                (labels_brevet.est_rep or labels_brevet.est_rep_plus) is not null
                and labels_brevet.ep is distinct from perimetre.ep
                and exists (select 1 from reseaux)
            )
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

    dessertes_jugees as (
        select
            'dessertes' as source,
            dessertes.fichier,
            dessertes.ligne,
            'commune_code' as colonne,
            concat_ws(' ', dessertes.commune_code, dessertes.commune) as valeur,
            'desserte_commune_inconnue' as code
        from dessertes
        inner join
            departements
            on departement_de_commune(dessertes.commune_code) = departements.departement
        left join communes on dessertes.commune_code = communes.commune_code
        where communes.commune_code is null
    ),

    -- la première ligne qui donne un poste à un site, et la première de toutes celles du poste
    premieres as (
        select
            presences.poste_id,
            rattachements.site_id,
            presences.fichier,
            presences.ligne,
            row_number() over (
                partition by presences.poste_id order by presences.fichier, presences.ligne
            )
            = 1 as est_premiere_du_poste
        from presences
        inner join rattachements on presences.uai = rattachements.uai
        qualify
            row_number() over (
                partition by presences.poste_id, rattachements.site_id
                order by presences.fichier, presences.ligne
            )
            = 1
    ),

    -- plusieurs lignes d'un poste au même lieu, à la même périodicité : la dernière, et les
    -- nombres de toutes
    additionnees as (
        select
            fichier,
            ligne,
            poste_id
            || ' : '
            || uai
            || ', '
            || string_agg(dit(demi_journees), ' + ') over (
                partition by poste_id, uai, periodicite
                order by fichier, ligne
                rows between unbounded preceding and unbounded following
            )
            || ' par '
            || periodicite as valeur
        from presences
        qualify
            count(*) over (partition by poste_id, uai, periodicite) > 1
            and row_number() over (
                partition by poste_id, uai, periodicite order by fichier desc, ligne desc
            )
            = 1
    ),

    presences_jugees as (
        select
            'postes' as source,
            fichier,
            ligne,
            'residence_uai' as colonne,
            poste_id || ' : ' || residence_uai as valeur,
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
            'presence_uai_inconnu'
        from presences
        left join annuaire on presences.uai = annuaire.uai
        where annuaire.uai is null
        union all
        select
            'presences',
            presences.fichier,
            presences.ligne,
            'uai',
            etablissements.uai
            || ' '
            || etablissements.nom
            || ', '
            || coalesce(motifs_hors_perimetre.libelle, 'sans site'),
            'presence_hors_perimetre'
        from presences
        inner join etablissements on presences.uai = etablissements.uai
        left join
            motifs_hors_perimetre
            on etablissements.motif_hors_perimetre = motifs_hors_perimetre.motif
        left join rattachements on presences.uai = rattachements.uai
        where rattachements.uai is null
        union all
        -- d'un côté un département demandé, de l'autre non : rien n'est compté, et c'est dit
        select
            'presences',
            presences.fichier,
            presences.ligne,
            'uai',
            presences.poste_id || ' : ' || presences.uai,
            'presence_autre_departement'
        from presences
        inner join postes on presences.poste_id = postes.poste_id
        inner join ailleurs on presences.uai = ailleurs.uai
        union all
        select
            'presences',
            presences.fichier,
            presences.ligne,
            'poste_id',
            presences.poste_id || ' : ' || presences.uai,
            'presence_poste_autre_departement'
        from presences
        inner join postes_donnes on presences.poste_id = postes_donnes.poste_id
        inner join rattachements on presences.uai = rattachements.uai
        left join postes on presences.poste_id = postes.poste_id
        where postes.poste_id is null
        union all
        select 'presences', fichier, ligne, 'demi_journees', valeur, 'presences_additionnees'
        from additionnees
        union all
        -- une présence se compte en demi-journées entières par cycle
        select
            'presences',
            any_value(premieres.fichier),
            any_value(premieres.ligne),
            'demi_journees',
            presences.poste_id || ' : ' || rattachements.site_id,
            case
                when round(sum(presences.demi_journees_cycle)) = 0
                then 'presence_trop_petite'
                else 'presence_arrondie'
            end
        from presences
        inner join postes on presences.poste_id = postes.poste_id
        inner join rattachements on presences.uai = rattachements.uai
        inner join
            premieres
            on presences.poste_id = premieres.poste_id
            and rattachements.site_id = premieres.site_id
        group by presences.poste_id, rattachements.site_id
        having
            round(sum(presences.demi_journees_cycle)) = 0
            or round(sum(presences.demi_journees_cycle)) != sum(presences.demi_journees_cycle)
        union all
        select
            'presences',
            any_value(premieres.fichier),
            any_value(premieres.ligne),
            'demi_journees',
            presences_placees.poste_id
            || ' : '
            || sum(presences_placees.demi_journees_cycle)
            || ' pour '
            || cast(any_value(seuils.demi_journees_cycle * postes.quotite_etp) as integer),
            'presences_au_dela_du_temps'
        from presences_placees
        inner join postes on presences_placees.poste_id = postes.poste_id
        inner join
            premieres
            on presences_placees.poste_id = premieres.poste_id
            and premieres.est_premiere_du_poste
        cross join seuils
        group by presences_placees.poste_id
        having
            sum(presences_placees.demi_journees_cycle)
            > any_value(seuils.part_temps_max * seuils.demi_journees_cycle * postes.quotite_etp)
    ),

    -- ce qu'un fichier local dit d'un établissement que personne ne connaît
    locaux_places as (
        select source, fichier, ligne, 'uai' as colonne, uai
        from stg_bassins_lignes
        where sort = 'gardee'
        union all
        select source, fichier, ligne, 'uai', uai
        from stg_dispositifs_lignes
        where sort = 'gardee'
        union all
        select source, fichier, ligne, 'uai', uai
        from stg_conditions_lignes
        where sort = 'gardee'
        union all
        select source, fichier, ligne, 'origine_uai', origine_uai
        from stg_trajets_lignes
        where sort = 'gardee'
        union all
        select source, fichier, ligne, 'destination_uai', destination_uai
        from stg_trajets_lignes
        where sort = 'gardee'
    ),

    locaux_juges as (
        select
            lignes.source,
            lignes.fichier,
            lignes.ligne,
            lignes.colonne,
            lignes.uai,
            'local_uai_inconnu'
        from locaux_places as lignes
        left join annuaire on lignes.uai = annuaire.uai
        where annuaire.uai is null
    ),

    activite_par_lieu as (
        select fichier, uai, min(ligne) as ligne from activite group by fichier, uai
    ),

    -- médiane de chaque indicateur par type d'établissement, sur le compte de chaque valeur
    releves as (
        select
            etablissements.type,
            activite.periode,
            activite.indicateur,
            activite.modalite,
            activite.nombre,
            count(*) as nb_releves
        from activite
        inner join etablissements on activite.uai = etablissements.uai
        group by all
    ),
    releves_cumules as (
        select
            *,
            sum(nb_releves) over (
                partition by type, periode, indicateur, modalite order by nombre
            ) as cumul,
            sum(nb_releves) over (partition by type, periode, indicateur, modalite) as total
        from releves
    ),
    medianes as (
        select type, periode, indicateur, modalite, min(nombre) as mediane
        from releves_cumules
        where cumul + cumul >= total
        group by all
    ),
    limites as (
        select
            medianes.*,
            greatest(
                seuils.activite_absurde_fois * medianes.mediane, seuils.activite_absurde_min
            ) as limite
        from medianes
        cross join seuils
    ),
    plus_basse_limite as (select min(limite) as limite from limites),

    activite_jugee as (
        select
            'activite' as source,
            lieux.fichier,
            lieux.ligne,
            'uai' as colonne,
            lieux.uai as valeur,
            'activite_hors_perimetre' as code
        from activite_par_lieu as lieux
        left join rattachements on lieux.uai = rattachements.uai
        left join ailleurs on lieux.uai = ailleurs.uai
        where rattachements.uai is null and ailleurs.uai is null
        union all
        select
            'activite',
            lieux.fichier,
            lieux.ligne,
            'uai',
            lieux.uai || ' ' || etablissements.nom,
            'activite_sans_presence'
        from activite_par_lieu as lieux
        inner join rattachements on lieux.uai = rattachements.uai
        inner join etablissements on lieux.uai = etablissements.uai
        left join
            (select distinct site_id from presences_placees) as servis
            on rattachements.site_id = servis.site_id
        where
            servis.site_id is null
            and etablissements.departement in (
                select sites.departement
                from presences_placees
                inner join mart_site as sites on presences_placees.site_id = sites.site_id
            )
        union all
        select
            'activite',
            donnees.fichier,
            donnees.ligne,
            'nombre',
            etablissements.uai
            || ' '
            || donnees.indicateur
            || ' : '
            || donnees.nombre
            || ', médiane '
            || limites.mediane,
            'activite_absurde'
        from activite as donnees
        inner join plus_basse_limite on donnees.nombre >= plus_basse_limite.limite
        inner join etablissements on donnees.uai = etablissements.uai
        inner join
            limites
            on etablissements.type = limites.type
            and donnees.periode = limites.periode
            and donnees.indicateur = limites.indicateur
            and donnees.modalite is not distinct from limites.modalite
        where donnees.nombre >= limites.limite
    ),

    reunies as (
        select *
        from lignes
        union all
        select *
        from etablissements_juges
        union all
        select *
        from annuaire_tu
        union all
        select *
        from cellules_jugees
        union all
        select *
        from orphelines
        union all
        select *
        from types_juges
        union all
        select *
        from reseaux_juges
        union all
        select *
        from positions_jugees
        union all
        select *
        from effectifs_juges
        union all
        select *
        from dispositifs_contraires
        union all
        select *
        from bassins_contraires
        union all
        select *
        from indices_contraires
        union all
        select *
        from labels_juges
        union all
        select *
        from presences_jugees
        union all
        select *
        from locaux_juges
        union all
        select *
        from dessertes_jugees
        union all
        select *
        from activite_jugee
    ),

    -- une colonne sous l'en-tête que lui donne son fichier ; ce qui est dit d'un fichier entier
    -- nomme déjà ses colonnes comme lui
    situees as (
        select
            reunies.source,
            reunies.fichier,
            reunies.ligne,
            reunies.anomalie_colonne as colonne,
            entetes.entete as colonne_du_fichier,
            reunies.anomalie_valeur as valeur,
            reunies.anomalie as code
        from reunies
        left join
            entetes
            on reunies.source = entetes.source
            and reunies.fichier = entetes.fichier
            and reunies.anomalie_colonne = entetes.colonne
        union all
        select source, fichier, ligne, colonne, colonne, valeur, anomalie
        from constats
    ),

    final as (
        select situees.*, motifs.raison, motifs.remede, motifs.gravite, motifs.consequence
        from situees
        left join motifs on situees.code = motifs.code
    )

select *
from final
