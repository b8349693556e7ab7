-- Grain : une commune des départements demandés.
with
    departements as (select * from ref_departements),
    densites as (select * from stg_densite),
    contours as (select * from stg_contours),
    dessertes as (select * from stg_dessertes),

    reunies as (
        select
            coalesce(densites.commune_code, contours.commune_code) as commune_code,
            coalesce(densites.commune, contours.commune) as commune,
            densites.densite,
            densites.libelle_densite,
            coalesce(contours.population, densites.population) as population,
            contours.latitude,
            contours.longitude,
            contours.contour_wkb,
            densites.fichier as densite_fichier,
            contours.fichier as contour_fichier
        from densites
        full outer join contours on densites.commune_code = contours.commune_code
    ),

    final as (
        select
            reunies.commune_code,
            reunies.commune,
            departements.departement,
            reunies.densite,
            reunies.libelle_densite,
            reunies.population,
            reunies.latitude,
            reunies.longitude,
            reunies.contour_wkb,
            dessertes.est_desservie,
            reunies.densite_fichier,
            reunies.contour_fichier,
            dessertes.fichier as desserte_fichier
        from reunies
        inner join
            departements on departement_de_commune(reunies.commune_code) = departements.departement
        left join dessertes on reunies.commune_code = dessertes.commune_code
    )

select *
from final
