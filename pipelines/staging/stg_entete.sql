-- Grain : une colonne d'une source dans un fichier, et l'en-tête sous lequel ce fichier la porte.
with
    lus as (select * from raw_entete),

    -- ce que les modèles nomment d'un mot quand les fichiers d'une famille en ont plusieurs
    reunis as (
        select
            source,
            fichier,
            case when starts_with(source, 'ips_') then 'ips' else 'rentree' end as colonne,
            string_agg(entete, ' ou ' order by colonne) as entete
        from lus
        where
            (source = 'ips_lycees' and colonne in ('ips_ensemble', 'ips_voie_gt', 'ips_voie_pro'))
            or (source = 'effectifs_brevet' and colonne = 'session')
            or (source = 'effectifs_second_degre' and colonne = 'annee_scolaire')
        group by all
    ),

    final as (
        select source, fichier, colonne, entete
        from lus
        union all
        select source, fichier, colonne, entete
        from reunis
    )

select *
from final
