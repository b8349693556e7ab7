-- Grain : un établissement, une période, un indicateur et une modalité.
with
    lignes as (select * from stg_activite_lignes),

    final as (
        select
            annee_scolaire,
            rentree,
            periode,
            uai,
            indicateur,
            modalite,
            nombre,
            est_simule,
            fichier,
            ligne
        from lignes
        where sort = 'gardee'
    )

select *
from final
