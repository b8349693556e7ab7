-- Grain : un site, c'est-à-dire ce à quoi une présence est donnée.
with
    rattachements as (select * from mart_rattachement),
    etablissements as (select * from mart_etablissement),
    km_par_degre as (select valeur from ref_parametres where nom = 'km_par_degre'),

    membres as (
        select rattachements.site_id, rattachements.raison, etablissements.*
        from rattachements
        inner join etablissements on rattachements.uai = etablissements.uai
    ),

    -- les élèves d'une section s'ajoutent à ceux de la mère dans la même rentrée seulement : une
    -- section passée sous l'UAI de sa mère ne doit pas être comptée deux fois
    seconds_degres_comptes as (
        select
            *,
            coalesce(
                effectif_rentree = any_value(effectif_rentree) filter (
                    where uai = site_id and effectif is not null
                ) over (partition by site_id),
                true
            ) as est_effectif_retenu
        from membres
        where raison != 'ecole_rep_plus'
    ),

    -- second degré : l'établissement, ses sections fondues en lui
    seconds_degres as (
        select
            site_id,
            'etablissement' as nature,
            site_id as uai_principal,
            any_value(nom) filter (where uai = site_id) as nom,
            any_value(type) filter (where uai = site_id) as type,
            count(*) as nb_etablissements,
            0 as nb_ecoles,
            0 as nb_ecoles_elementaires,
            0 as nb_ecoles_maternelles,
            cast(sum(effectif) filter (where est_effectif_retenu) as integer) as effectif,
            max(effectif_rentree) filter (where est_effectif_retenu) as effectif_rentree,
            min(effectif_rentree_la_plus_ancienne) filter (
                where est_effectif_retenu
            ) as effectif_rentree_la_plus_ancienne,
            string_agg(distinct effectif_source, ' + ' order by effectif_source) filter (
                where est_effectif_retenu
            ) as effectif_source,
            case
                when bool_or(uai = site_id and effectif is not null) then 1 else 0
            end as part_effectif_connue,
            -- le fichier des collèges compte ces élèves sous l'UAI du collège, section comprise
            any_value(eleves_segpa) filter (where uai = site_id) as eleves_segpa,
            any_value(eleves_segpa_rentree) filter (where uai = site_id) as eleves_segpa_rentree,
            any_value(eleves_ulis) filter (where uai = site_id) as eleves_ulis,
            any_value(eleves_ulis_rentree) filter (where uai = site_id) as eleves_ulis_rentree,
            any_value(ips) filter (where uai = site_id) as ips,
            any_value(ips_rentree) filter (where uai = site_id) as ips_rentree,
            any_value(latitude) filter (where uai = site_id) as latitude,
            any_value(longitude) filter (where uai = site_id) as longitude,
            any_value(qualite_position) filter (where uai = site_id) as qualite_position,
            any_value(commune_de_reference) filter (where uai = site_id) as commune_code,
            any_value(commune) filter (where uai = site_id) as commune,
            min(departement) as departement,
            min(academie) as academie,
            any_value(bassin_code) filter (where uai = site_id) as bassin_code,
            any_value(bassin) filter (where uai = site_id) as bassin,
            any_value(reseau_etablissements) filter (where uai = site_id) as reseau_etablissements,
            any_value(densite) filter (where uai = site_id) as densite,
            any_value(est_rural) filter (where uai = site_id) as est_rural,
            any_value(ep) filter (where uai = site_id) as ep,
            any_value(uai_tete_reseau) filter (where uai = site_id) as uai_tete_reseau,
            bool_or(segpa) as segpa,
            bool_or(ulis) as ulis,
            bool_or(upe2a) as upe2a,
            bool_or(relais) as relais,
            bool_or(internat) as internat,
            -- une section qui a son UAI suffit ; sans elle, l'annuaire décide pour un lycée
            case
                when bool_or(est_section and type = 'LP' and uai != site_id)
                then true
                when any_value(type) filter (where uai = site_id) in ('LEGT', 'LPO')
                then any_value(voie_professionnelle) filter (where uai = site_id)
                else false
            end as a_section_professionnelle
        from seconds_degres_comptes
        group by site_id
    ),

    tetes as (select * from etablissements where type != 'ECOLE'),

    -- une école compte pour les élèves de son indice, sinon pour la moyenne de celles du réseau
    ecoles_pesees as (
        select
            *,
            coalesce(
                nb_eleves_indice, avg(nb_eleves_indice) over (partition by site_id), 1
            ) as poids_ips
        from membres
        where raison = 'ecole_rep_plus'
    ),

    ecoles as (
        select
            site_id,
            any_value(uai_tete_reseau) as uai_tete_reseau,
            count(*) as nb_ecoles,
            count(*) filter (where est_elementaire) as nb_ecoles_elementaires,
            count(*) filter (where est_maternelle and not est_elementaire) as nb_ecoles_maternelles,
            cast(sum(effectif) as integer) as effectif,
            max(effectif_rentree) as effectif_rentree,
            min(effectif_rentree_la_plus_ancienne) as effectif_rentree_la_plus_ancienne,
            string_agg(distinct effectif_source, ' + ' order by effectif_source) as effectif_source,
            count(effectif) / count(*) as part_effectif_connue,
            -- en listes ordonnées : la même moyenne au dernier chiffre près, à chaque construction
            list_sum(list(ips * poids_ips order by uai)) / nullif(
                list_sum(list(poids_ips order by uai) filter (where ips is not null)), 0
            ) as ips,
            max(ips_rentree) as ips_rentree,
            list_avg(list(latitude order by uai)) as latitude,
            list_avg(list(longitude order by uai)) as longitude,
            mode(commune_de_reference order by commune_de_reference) as commune_code,
            mode(commune order by commune) as commune,
            mode(departement order by departement) as departement,
            mode(academie order by academie) as academie,
            mode(bassin_code order by bassin_code) as bassin_code,
            mode(bassin order by bassin) as bassin,
            mode(reseau_etablissements order by reseau_etablissements) as reseau_etablissements,
            mode(densite order by densite) as densite,
            bool_or(est_rural) as est_rural
        from ecoles_pesees
        group by site_id
    ),

    -- premier degré : les écoles REP+ d'un réseau, placées au milieu d'elles
    reseaux as (
        select
            ecoles.site_id,
            'ecoles_rep_plus' as nature,
            ecoles.uai_tete_reseau as uai_principal,
            'Écoles REP+ du réseau '
            || coalesce(tetes.nom, ecoles.uai_tete_reseau || ' (' || ecoles.commune || ')') as nom,
            'ECOLE' as type,
            ecoles.nb_ecoles as nb_etablissements,
            ecoles.nb_ecoles,
            ecoles.nb_ecoles_elementaires,
            ecoles.nb_ecoles_maternelles,
            ecoles.effectif,
            ecoles.effectif_rentree,
            ecoles.effectif_rentree_la_plus_ancienne,
            ecoles.effectif_source,
            ecoles.part_effectif_connue,
            cast(null as integer) as eleves_segpa,
            cast(null as integer) as eleves_segpa_rentree,
            cast(null as integer) as eleves_ulis,
            cast(null as integer) as eleves_ulis_rentree,
            ecoles.ips,
            ecoles.ips_rentree,
            ecoles.latitude,
            ecoles.longitude,
            'milieu des écoles' as qualite_position,
            ecoles.commune_code,
            ecoles.commune,
            ecoles.departement,
            ecoles.academie,
            case
                when ecoles.bassin is null then tetes.bassin_code else ecoles.bassin_code
            end as bassin_code,
            coalesce(ecoles.bassin, tetes.bassin) as bassin,
            coalesce(
                ecoles.reseau_etablissements, tetes.reseau_etablissements
            ) as reseau_etablissements,
            ecoles.densite,
            ecoles.est_rural,
            'REP+' as ep,
            ecoles.uai_tete_reseau,
            cast(null as boolean) as segpa,
            cast(null as boolean) as ulis,
            cast(null as boolean) as upe2a,
            cast(null as boolean) as relais,
            cast(null as boolean) as internat,
            false as a_section_professionnelle
        from ecoles
        left join tetes on ecoles.uai_tete_reseau = tetes.uai
    ),

    reunis as (
        select *
        from seconds_degres
        union all by name
        select *
        from reseaux
    ),

    -- numérotés : comparer des nombres, et non des identifiants, pour chaque couple de sites
    situes as (
        select
            row_number() over (order by site_id) as rang,
            site_id,
            nature,
            latitude,
            longitude,
            cos(radians(latitude)) as cos_latitude
        from reunis
    ),
    voisins as (select * from situes where nature = 'etablissement'),

    carres as (
        select
            situes.rang,
            min(
                case
                    when situes.rang != voisins.rang
                    then
                        (situes.latitude - voisins.latitude) * (situes.latitude - voisins.latitude)
                        + (situes.longitude - voisins.longitude)
                        * (situes.longitude - voisins.longitude)
                        * situes.cos_latitude
                        * situes.cos_latitude
                end
            ) as degres_carres
        from situes
        cross join voisins
        group by situes.rang
    ),

    eloignements as (
        select situes.site_id, km_par_degre.valeur * sqrt(carres.degres_carres) as eloignement_km
        from carres
        inner join situes on carres.rang = situes.rang
        cross join km_par_degre
    ),

    final as (
        select reunis.*, eloignements.eloignement_km
        from reunis
        left join eloignements on reunis.site_id = eloignements.site_id
    )

select *
from final
