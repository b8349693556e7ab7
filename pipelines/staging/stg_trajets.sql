-- Grain : un couple (origine, destination) mesuré ; sans durée, un moteur n'y a trouvé aucun
-- chemin.
with
    lignes as (select * from stg_trajets_lignes),

    final as (
        select origine_uai, destination_uai, duree_min, distance_km, moteur, empreinte
        from lignes
        where sort = 'gardee'
    )

select *
from final
