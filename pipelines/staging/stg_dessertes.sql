-- Grain : une commune dont on sait si des transports publics la desservent.
with
    lignes as (select * from stg_dessertes_lignes),

    final as (select commune_code, est_desservie, fichier from lignes where sort = 'gardee')

select *
from final
