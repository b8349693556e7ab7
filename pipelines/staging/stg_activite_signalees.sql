-- Grain : une ligne d'activité dont il y a quelque chose à dire.
-- Table : la vue des millions de lignes est parcourue une fois pour toutes les anomalies.
with
    lignes as (select * from stg_activite_lignes),

    final as (
        select source, fichier, ligne, uai, anomalie_colonne, anomalie_valeur, anomalie
        from lignes
        where anomalie is not null
    )

select *
from final
