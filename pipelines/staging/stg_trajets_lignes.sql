-- Grain : une ligne par ligne lue des fichiers de trajets, avec son sort.
with
    lues as (select * from raw_trajets),
    fichiers as (select * from stg_fichier where source = 'trajets'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(origine_uai) as origine_uai,
            uai_propre(destination_uai) as destination_uai,
            nombre(minutes) as duree_min,
            nombre(km) as distance_km,
            texte(moteur) as moteur,
            texte(empreinte) as empreinte,
            minutes as minutes_lues,
            km as km_lus,
            origine_uai as origine_lue,
            destination_uai as destination_lue
        from lues
    ),

    jugees as (
        select
            *,
            case when not uai_juste(origine_uai) then 'uai_illisible_local' end as motif_origine,
            case
                when not uai_juste(destination_uai) then 'destination_illisible'
            end as motif_destination,
            case
                when
                    duree_min < 0
                    or duree_min is null
                    and (moteur is null or texte(minutes_lues) is not null)
                then 'minutes_illisibles'
            end as motif_minutes,
            case
                when texte(km_lus) is not null and (distance_km is null or distance_km < 0)
                then 'km_illisibles'
            end as motif_km,
            coalesce(motif_origine, motif_destination, motif_minutes, motif_km)
            is not null as est_perdue
        from nettoyees
    ),

    classees as (
        select
            jugees.*,
            row_number() over rangs as rang,
            first_value(jugees.fichier) over rangs as fichier_retenu,
            first_value(jugees.duree_min) over rangs as duree_retenue,
            first_value(jugees.distance_km) over rangs as distance_retenue
        from jugees
        left join fichiers on jugees.fichier = fichiers.fichier
        window
            rangs as (
                partition by jugees.origine_uai, jugees.destination_uai
                order by jugees.est_perdue, fichiers.rang_millesime, jugees.fichier, jugees.ligne
            )
    ),

    final as (
        select
            'trajets' as source,
            fichier,
            ligne,
            origine_uai,
            destination_uai,
            duree_min,
            distance_km,
            moteur,
            empreinte,
            sort_de(est_perdue, rang) as sort,
            case
                when est_perdue
                then
                    a_redire(
                        [
                            cellule('origine_uai', origine_lue, motif_origine),
                            cellule('destination_uai', destination_lue, motif_destination),
                            cellule('minutes', minutes_lues, motif_minutes),
                            cellule('km', km_lus, motif_km)
                        ]
                    )
                when rang = 1 and duree_min is null
                then
                    [
                        cellule(
                            'minutes',
                            origine_uai || ' → ' || destination_uai,
                            'trajet_sans_itineraire'
                        )
                    ]
                when rang = 1
                then []
                when duree_min is distinct from duree_retenue or distance_km != distance_retenue
                then
                    [
                        cellule(
                            'minutes',
                            contraires(
                                origine_uai || ' → ' || destination_uai,
                                minutes_et_km(duree_min, distance_km),
                                minutes_et_km(duree_retenue, distance_retenue),
                                fichier_retenu
                            ),
                            'lignes_contraires'
                        )
                    ]
                else [cellule('origine_uai', origine_lue, 'trajet_deux_lignes')]
            end as anomalies
        from classees
    )

select *
from final
