-- Grain : un poste et un site où il est présent aujourd'hui.
with
    presences as (select * from stg_presences),
    postes as (select * from mart_poste),
    rattachements as (select * from mart_rattachement),

    final as (
        select
            presences.poste_id,
            rattachements.site_id,
            cast(round(sum(presences.demi_journees_cycle)) as integer) as demi_journees_cycle,
            bool_or(presences.est_simule) as est_simule
        from presences
        inner join postes on presences.poste_id = postes.poste_id
        inner join rattachements on presences.uai = rattachements.uai
        group by presences.poste_id, rattachements.site_id
        having round(sum(presences.demi_journees_cycle)) > 0
    )

select *
from final
