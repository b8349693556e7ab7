-- Grain : un établissement dont le bassin est donné localement.
with
    lignes as (select * from stg_bassins_lignes),

    final as (select uai, bassin, reseau, fichier, ligne from lignes where sort = 'gardee')

select *
from final
