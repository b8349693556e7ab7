-- Grain : un fichier d'une source ; rang 1 au millésime le plus récent.
with
    fichiers as (select * from raw_fichier),

    final as (select source, fichier, millesime, rang as rang_millesime from fichiers)

select *
from final
