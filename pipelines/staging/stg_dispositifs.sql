-- Grain : un établissement et un dispositif.
with
    lignes as (select * from stg_dispositifs_lignes),

    final as (
        select uai, dispositif, est_present, coalesce(origine, fichier) as source, fichier, ligne
        from lignes
        where sort = 'gardee'
    )

select *
from final
