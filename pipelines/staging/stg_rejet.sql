-- Grain : une ligne qu'un fichier n'a pas su découper en colonnes.
with
    rejets as (select * from raw_rejet),

    final as (select source, fichier, ligne, raison from rejets)

select *
from final
