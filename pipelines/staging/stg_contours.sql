-- Grain : une commune dont le contour est connu.
with
    lignes as (select * from stg_contours_lignes),

    final as (
        select
            commune_code,
            commune,
            population,
            latitude,
            longitude,
            ouest,
            sud,
            est,
            nord,
            contour_wkb,
            fichier
        from lignes
        where sort = 'gardee'
    )

select *
from final
