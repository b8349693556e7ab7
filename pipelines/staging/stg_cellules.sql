-- Grain : une cellule d'un fichier à redire, et l'UAI de sa ligne.
-- Table : la vue des millions de lignes d'activité est parcourue une fois pour toutes.
with
    lignes as (
        select source, fichier, ligne, uai, anomalies
        from stg_ips_lignes
        union all
        select source, fichier, ligne, uai, anomalies
        from stg_effectifs_lignes
        union all
        select source, fichier, ligne, uai, anomalies
        from stg_activite_lignes
        where anomalies is not null
        union all
        select source, fichier, ligne, null, anomalies
        from stg_postes_lignes
        union all
        select source, fichier, ligne, uai, anomalies
        from stg_presences_lignes
        union all
        select source, fichier, ligne, uai, anomalies
        from stg_dispositifs_lignes
        union all
        select source, fichier, ligne, uai, anomalies
        from stg_bassins_lignes
        union all
        select source, fichier, ligne, uai, anomalies
        from stg_conditions_lignes
        union all
        select source, fichier, ligne, null, anomalies
        from stg_trajets_lignes
        union all
        select source, fichier, ligne, null, anomalies
        from stg_dessertes_lignes
    ),

    cellules as (select source, fichier, ligne, uai, unnest(anomalies) as anomalie from lignes),

    final as (
        select
            source,
            fichier,
            ligne,
            uai,
            anomalie.colonne as colonne,
            anomalie.valeur as valeur,
            anomalie.code as anomalie
        from cellules
    )

select *
from final
