-- Grain : un établissement et une rentrée, quand l'IPS est publié.
with
    lignes as (select * from stg_ips_lignes),

    final as (
        select uai, rentree, max(ips) as ips, any_value(source) as source
        from lignes
        where sort = 'gardee' and ips is not null
        group by uai, rentree
    )

select *
from final
