-- Grain : une chose vue dans un fichier, qui n'est pas l'affaire d'une seule de ses lignes.
with
    constats as (select * from raw_constat),

    final as (
        select
            source,
            fichier,
            ligne,
            colonne,
            valeur,
            case
                code
                when 'encodage_mele'
                then 'encodage_mele'
                when 'classeur_macros'
                then 'classeur_macros'
                when 'classeur_liens'
                then 'classeur_liens'
                when 'formule_sans_valeur'
                then 'formule_sans_valeur'
                when 'colonne_sans_titre'
                then 'colonne_sans_titre'
                when 'colonne_inconnue'
                then 'colonne_inconnue'
                when 'colonne_mal_ecrite'
                then 'colonne_mal_ecrite'
                when 'colonne_en_double'
                then 'colonne_en_double'
            end as anomalie
        from constats
    )

select *
from final
