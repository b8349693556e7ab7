-- Grain : un établissement et une rentrée, quand l'IPS est publié.
with
    lignes as (select * from stg_ips_lignes),

    final as (
        select uai, rentree, ips, nb_eleves_indice, source, fichier
        from lignes
        where sort = 'gardee' and ips is not null
        -- une cité scolaire sous un seul UAI : l'indice du collège avant celui du lycée
        qualify row_number() over (partition by uai, rentree order by source) = 1
    )

select *
from final
