-- Grain : un établissement, une période, un indicateur et une modalité ; le site quand il existe.
with
    activite as (select * from stg_activite_lignes where sort = 'gardee'),
    rattachements as (select * from mart_rattachement),

    final as (
        select
            activite.annee_scolaire,
            activite.rentree,
            activite.periode,
            activite.uai,
            rattachements.site_id,
            activite.indicateur,
            activite.modalite,
            activite.nombre,
            activite.est_simule,
            activite.fichier,
            activite.ligne
        from activite
        left join rattachements on activite.uai = rattachements.uai
    )

select *
from final
