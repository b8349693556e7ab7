-- Grain : un couple (origine, destination) dont la durée est donnée localement.
with
    lignes as (select * from stg_trajets_lignes),

    final as (
        select origine_uai, destination_uai, duree_min, distance_km
        from lignes
        where sort = 'gardee'
    )

select *
from final
