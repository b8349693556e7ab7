-- Grain : une commune de la grille de densité.
with
    lignes as (select * from stg_densite_lignes),

    final as (
        select commune_code, commune, densite, libelle_densite, population, fichier
        from lignes
        where sort = 'gardee'
    )

select *
from final
