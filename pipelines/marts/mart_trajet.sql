-- Grain : un couple de lieux dont le trajet est donné par un fichier local.
with
    trajets as (select * from stg_trajets),

    final as (
        select origine_uai, destination_uai, duree_min, distance_km, moteur, empreinte from trajets
    )

select *
from final
