-- Grain : un établissement (UAI) de l'annuaire dans les départements demandés.
with
    annuaire as (select * from stg_annuaire),
    departements as (select * from ref_departements),
    natures as (select * from ref_natures),
    reseaux as (select * from stg_education_prioritaire),
    effectifs as (select * from stg_effectifs),
    eleves_dispositifs as (select * from stg_eleves_dispositifs),
    indices as (select * from stg_ips),
    arrondissements as (select * from ref_arrondissements),
    communes as (select * from mart_commune),
    dispositifs as (select * from stg_dispositifs),
    bassins as (select * from stg_bassins),
    conditions as (select * from stg_conditions),
    fichiers as (select * from stg_fichier where source = 'education_prioritaire'),
    seuil_rural as (select valeur from ref_parametres where nom = 'seuil_rural_densite'),
    retard_max as (select valeur from ref_parametres where nom = 'retard_effectif_max'),

    dernier_effectif as (
        select *
        from effectifs
        qualify row_number() over (partition by uai order by rentree desc) = 1
    ),

    dernier_indice as (
        select * from indices qualify row_number() over (partition by uai order by rentree desc) = 1
    ),

    dispositifs_locaux as (
        select
            uai,
            bool_or(est_present) filter (where dispositif = 'SEGPA') as segpa,
            bool_or(est_present) filter (where dispositif = 'ULIS') as ulis,
            bool_or(est_present) filter (where dispositif = 'UPE2A') as upe2a,
            bool_or(est_present) filter (where dispositif = 'RELAIS') as relais,
            bool_or(est_present) filter (where dispositif = 'INTERNAT') as internat,
            any_value(source) filter (where dispositif = 'SEGPA') as segpa_source,
            any_value(source) filter (where dispositif = 'ULIS') as ulis_source,
            any_value(source) filter (where dispositif = 'UPE2A') as upe2a_source,
            any_value(source) filter (where dispositif = 'RELAIS') as relais_source,
            any_value(source) filter (where dispositif = 'INTERNAT') as internat_source,
            any_value(fichier) filter (where dispositif = 'SEGPA') as segpa_fichier,
            any_value(fichier) filter (where dispositif = 'ULIS') as ulis_fichier,
            any_value(fichier) filter (where dispositif = 'UPE2A') as upe2a_fichier,
            any_value(fichier) filter (where dispositif = 'RELAIS') as relais_fichier,
            any_value(fichier) filter (where dispositif = 'INTERNAT') as internat_fichier,
            string_agg(distinct fichier, ' + ' order by fichier) as dispositifs_fichier
        from dispositifs
        group by uai
    ),

    types as (
        select
            annuaire.*,
            case
                when annuaire.type_annuaire = 'Collège'
                then 'COLLEGE'
                when annuaire.type_annuaire = 'EREA'
                then 'EREA'
                when annuaire.type_annuaire = 'Ecole'
                then 'ECOLE'
                when annuaire.type_annuaire = 'Lycée'
                -- un lycée de nature inconnue est gardé, et c'est dit
                then coalesce(natures.type, 'LEGT')
                else natures.type
            end as type,
            coalesce(natures.est_section, false) as est_section,
            lower(annuaire.statut) = 'public' as secteur_public,
            -- sans ministère l'établissement est gardé, et c'est dit
            coalesce(
                annuaire.ministere like 'MINISTERE DE L''EDUCATION%', true
            ) as est_education_nationale
        from annuaire
        inner join departements on annuaire.departement = departements.departement
        left join natures on annuaire.code_nature = natures.code_nature
    ),

    situes as (
        select
            types.* exclude (latitude, longitude),
            -- une moitié de position n'en est pas une
            case when types.longitude is not null then types.latitude end as latitude,
            case when types.latitude is not null then types.longitude end as longitude,
            coalesce(arrondissements.commune_mere, types.commune_code) as commune_de_reference,
            coalesce(reseaux.ep, types.ep) as ep_retenue,
            types.ep as ep_annuaire,
            reseaux.ep as ep_liste,
            reseaux.fichier as liste_fichier,
            fichiers.millesime as liste_millesime,
            case
                when reseaux.uai is not null
                then reseaux.uai_tete_reseau
                when types.ep is not null and types.type = 'COLLEGE'
                then types.uai
            end as uai_tete_reseau
        from types
        left join arrondissements on types.commune_code = arrondissements.commune_code
        left join reseaux on types.uai = reseaux.uai
        left join fichiers on reseaux.fichier = fichiers.fichier
    ),

    juges as (
        select
            *,
            case
                when sans_accents(statut) = 'PRIVE'
                then 'prive'
                when not coalesce(secteur_public, false)
                then 'ni_public_ni_prive'
                when not est_education_nationale
                then 'autre_ministere'
                when type is null
                then 'autre_nature'
                when type_annuaire not in ('Collège', 'Lycée', 'EREA', 'Ecole')
                then 'autre_nature'
                when etat = 'A OUVRIR'
                then 'pas_encore_ouvert'
                when etat like 'FERM%'
                then 'ferme'
                when type = 'ECOLE' and coalesce(ep_retenue, '') != 'REP+'
                then 'ecole_hors_rep_plus'
                when type = 'ECOLE' and uai_tete_reseau is null
                then 'ecole_sans_reseau'
                when est_absent_du_plus_recent
                then 'absent_annuaire_recent'
            end as motif_hors_perimetre
        from situes
    ),

    final as (
        select
            juges.uai,
            juges.nom,
            juges.type,
            juges.libelle_nature,
            juges.est_section,
            juges.uai_mere,
            juges.secteur_public,
            juges.etat,
            juges.date_ouverture,
            juges.commune_code,
            juges.commune_de_reference,
            juges.commune,
            juges.departement,
            juges.academie,
            -- le code de l'annuaire n'est pas celui d'un autre bassin
            case
                when
                    bassins.bassin is null
                    or sans_accents(bassins.bassin) = sans_accents(juges.bassin)
                then juges.bassin_code
            end as bassin_code,
            coalesce(bassins.bassin, juges.bassin) as bassin,
            case
                when bassins.bassin is not null
                then bassins.fichier
                when juges.bassin is not null
                then juges.fichier
            end as bassin_fichier,
            bassins.reseau as reseau_etablissements,
            case
                when bassins.reseau is not null then bassins.fichier
            end as reseau_etablissements_fichier,
            coalesce(juges.latitude, communes.latitude) as latitude,
            coalesce(juges.longitude, communes.longitude) as longitude,
            case
                when juges.latitude is not null
                then juges.fichier
                when communes.latitude is not null
                then communes.contour_fichier
            end as position_fichier,
            case
                when juges.latitude is not null
                then coalesce(juges.precision_localisation, 'non précisée')
                when communes.latitude is not null
                then 'commune'
                else 'inconnue'
            end as qualite_position,
            juges.ep_retenue as ep,
            case
                when juges.ep_liste is not null
                then 'education_prioritaire'
                when juges.ep_annuaire is not null
                then 'annuaire'
            end as ep_source,
            case
                when juges.ep_liste is not null
                then juges.liste_fichier
                when juges.ep_annuaire is not null
                then juges.fichier
            end as ep_fichier,
            case
                when juges.ep_liste is not null
                then juges.liste_millesime
                when juges.ep_annuaire is not null
                then cast(juges.date_maj as varchar)
            end as ep_millesime,
            juges.ep_annuaire is distinct from juges.ep_liste as est_ep_contradictoire,
            juges.uai_tete_reseau,
            juges.est_maternelle,
            juges.est_elementaire,
            juges.voie_professionnelle,
            coalesce(dispositifs_locaux.segpa, juges.segpa) as segpa,
            case
                when dispositifs_locaux.segpa is not null
                then dispositifs_locaux.segpa_source
                when juges.segpa is not null
                then 'annuaire'
            end as segpa_source,
            case
                when dispositifs_locaux.segpa is not null
                then dispositifs_locaux.segpa_fichier
                when juges.segpa is not null
                then juges.fichier
            end as segpa_fichier,
            coalesce(dispositifs_locaux.ulis, juges.ulis) as ulis,
            case
                when dispositifs_locaux.ulis is not null
                then dispositifs_locaux.ulis_source
                when juges.ulis is not null
                then 'annuaire'
            end as ulis_source,
            case
                when dispositifs_locaux.ulis is not null
                then dispositifs_locaux.ulis_fichier
                when juges.ulis is not null
                then juges.fichier
            end as ulis_fichier,
            dispositifs_locaux.upe2a,
            dispositifs_locaux.upe2a_source,
            dispositifs_locaux.upe2a_fichier,
            dispositifs_locaux.relais,
            dispositifs_locaux.relais_source,
            dispositifs_locaux.relais_fichier,
            coalesce(dispositifs_locaux.internat, juges.internat) as internat,
            case
                when dispositifs_locaux.internat is not null
                then dispositifs_locaux.internat_source
                when juges.internat is not null
                then 'annuaire'
            end as internat_source,
            case
                when dispositifs_locaux.internat is not null
                then dispositifs_locaux.internat_fichier
                when juges.internat is not null
                then juges.fichier
            end as internat_fichier,
            dispositifs_locaux.dispositifs_fichier,
            conditions.a_bureau,
            conditions.a_telephone,
            conditions.a_rangement_ferme,
            conditions.fichier as conditions_fichier,
            coalesce(dernier_effectif.effectif, juges.effectif) as effectif,
            case
                when dernier_effectif.effectif is not null
                then dernier_effectif.rentree
                when juges.effectif is not null
                then juges.effectif_rentree
            end as effectif_rentree,
            case
                when dernier_effectif.effectif is not null
                then dernier_effectif.source
                when juges.effectif is not null
                then 'annuaire'
            end as effectif_source,
            case
                when dernier_effectif.effectif is not null
                then dernier_effectif.rentree_la_plus_ancienne
                when juges.effectif is not null
                then juges.effectif_rentree
            end as effectif_rentree_la_plus_ancienne,
            case
                when dernier_effectif.effectif is not null
                then dernier_effectif.fichier
                when juges.effectif is not null
                then juges.effectif_fichier
            end as effectif_fichier,
            eleves_dispositifs.eleves_segpa,
            eleves_dispositifs.eleves_segpa_rentree,
            eleves_dispositifs.eleves_segpa_source,
            eleves_dispositifs.eleves_segpa_fichier,
            eleves_dispositifs.eleves_ulis,
            eleves_dispositifs.eleves_ulis_rentree,
            eleves_dispositifs.eleves_ulis_source,
            eleves_dispositifs.eleves_ulis_fichier,
            dernier_indice.ips,
            dernier_indice.rentree as ips_rentree,
            dernier_indice.source as ips_source,
            dernier_indice.fichier as ips_fichier,
            dernier_indice.nb_eleves_indice,
            communes.densite,
            communes.densite_fichier,
            communes.densite >= seuil_rural.valeur as est_rural,
            juges.motif_hors_perimetre is null as dans_perimetre,
            juges.motif_hors_perimetre,
            juges.date_maj,
            juges.fichier,
            juges.ligne
        from juges
        cross join retard_max
        left join communes on juges.commune_de_reference = communes.commune_code
        left join dispositifs_locaux on juges.uai = dispositifs_locaux.uai
        left join bassins on juges.uai = bassins.uai
        left join conditions on juges.uai = conditions.uai
        -- un fichier trop en retard sur l'annuaire ne compte plus ; il est dit
        left join
            dernier_effectif
            on juges.uai = dernier_effectif.uai
            and not coalesce(
                juges.effectif_rentree - dernier_effectif.rentree > retard_max.valeur
                and juges.effectif is not null,
                false
            )
        left join eleves_dispositifs on juges.uai = eleves_dispositifs.uai
        left join dernier_indice on juges.uai = dernier_indice.uai
        cross join seuil_rural
    )

select *
from final
