-- Grain : une ligne par ligne lue des fichiers de trajets, avec son sort.
with
    lues as (select * from raw_trajets),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(origine_uai) as origine_uai,
            uai_propre(destination_uai) as destination_uai,
            nombre(minutes) as duree_min,
            nombre(km) as distance_km,
            minutes as minutes_lues,
            origine_uai as origine_lue
        from lues
    ),

    classees as (
        select
            *,
            row_number() over (
                partition by origine_uai, destination_uai order by fichier desc, ligne
            ) as rang
        from nettoyees
    ),

    jugees as (
        select
            *,
            case
                when not est_uai(origine_uai) or not est_uai(destination_uai)
                then 'uai_illisible_local'
                when duree_min is null or duree_min < 0
                then 'minutes_illisibles'
                when rang > 1
                then 'trajet_deux_lignes'
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (minutes_lues, origine_lue),
            'trajets' as source,
            case
                when anomalie is null
                then 'gardee'
                when anomalie = 'trajet_deux_lignes'
                then 'fusionnee'
                else 'rejetee'
            end as sort,
            case
                anomalie when 'minutes_illisibles' then 'minutes' else 'origine_uai'
            end as anomalie_colonne,
            case
                anomalie when 'minutes_illisibles' then minutes_lues else origine_lue
            end as anomalie_valeur
        from jugees
    )

select *
from final
