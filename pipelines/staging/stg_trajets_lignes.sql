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

    classees as (
        select
            nettoyees.*,
            row_number() over (
                partition by nettoyees.origine_uai, nettoyees.destination_uai
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as rang
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
    ),

    jugees as (
        select
            *,
            case
                when not est_uai(origine_uai) or not cle_uai_juste(origine_uai)
                then 'uai_illisible_local'
                when not est_uai(destination_uai) or not cle_uai_juste(destination_uai)
                then 'destination_illisible'
                when
                    duree_min < 0
                    or duree_min is null
                    and (moteur is null or texte(minutes_lues) is not null)
                then 'minutes_illisibles'
                when texte(km_lus) is not null and (distance_km is null or distance_km < 0)
                then 'km_illisibles'
                when rang > 1
                then 'trajet_deux_lignes'
                when duree_min is null
                then 'trajet_sans_itineraire'
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (minutes_lues, km_lus, origine_lue, destination_lue),
            'trajets' as source,
            case
                when anomalie is null or anomalie = 'trajet_sans_itineraire'
                then 'gardee'
                when anomalie = 'trajet_deux_lignes'
                then 'fusionnee'
                else 'rejetee'
            end as sort,
            case
                anomalie
                when 'minutes_illisibles'
                then 'minutes'
                when 'trajet_sans_itineraire'
                then 'minutes'
                when 'km_illisibles'
                then 'km'
                when 'destination_illisible'
                then 'destination_uai'
                else 'origine_uai'
            end as anomalie_colonne,
            case
                anomalie
                when 'minutes_illisibles'
                then minutes_lues
                when 'km_illisibles'
                then km_lus
                when 'destination_illisible'
                then destination_lue
                when 'trajet_sans_itineraire'
                then origine_uai || ' → ' || destination_uai
                else origine_lue
            end as anomalie_valeur
        from jugees
    )

select *
from final
