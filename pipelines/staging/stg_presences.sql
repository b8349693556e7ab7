-- Grain : une ligne de présence déclarée (un poste, un établissement, une périodicité).
with
    lignes as (select * from stg_presences_lignes),

    final as (
        select
            poste_id,
            uai,
            demi_journees,
            periodicite,
            demi_journees_cycle,
            est_simule,
            fichier,
            ligne
        from lignes
        where sort = 'gardee'
    )

select *
from final
