-- Grain : une ligne qu'un fichier n'a pas su découper en colonnes.
with
    rejets as (select * from raw_rejet),

    final as (
        select
            source,
            fichier,
            ligne,
            raison,
            case
                when est_locale then 'ligne_illisible_locale' else 'ligne_illisible'
            end as anomalie
        from rejets
    )

select *
from final
