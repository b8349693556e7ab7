-- Grain : un établissement et une rentrée ; les voies d'un même établissement s'additionnent.
with
    lignes as (select * from stg_effectifs_lignes where sort = 'gardee' and effectif is not null),

    -- collège, lycée GT et lycée pro comptent des élèves différents : on les additionne
    voies as (
        select
            uai,
            rentree,
            sum(effectif) as effectif,
            string_agg(source, ' + ' order by source) as source
        from lignes
        where source in ('effectifs_colleges', 'effectifs_lycees_gt', 'effectifs_lycees_pro')
        group by uai, rentree
    ),

    -- les autres fichiers comptent les mêmes élèves à nouveau : ils ne servent qu'à défaut
    ensembles as (
        select uai, rentree, effectif, source
        from lignes
        where source in ('effectifs_second_degre', 'effectifs_ecoles')
    ),

    brevet as (select uai, rentree, effectif, source from lignes where source = 'effectifs_brevet'),

    reunies as (
        select *, 0 as ordre
        from voies
        union all
        select *, 1 as ordre
        from ensembles
        union all
        select *, 1 + 1 as ordre
        from brevet
    ),

    final as (
        select uai, rentree, cast(effectif as integer) as effectif, source
        from reunies
        qualify row_number() over (partition by uai, rentree order by ordre, source) = 1
    )

select *
from final
