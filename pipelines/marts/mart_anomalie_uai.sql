-- Grain : une ligne d'un fichier où une anomalie a pu être vue, et l'UAI dont elle parle.
-- La valeur d'une anomalie est celle qui a été lue, rarement l'UAI : il est gardé ici.
with
    lignes as (
        select source, fichier, ligne, uai, anomalie
        from stg_annuaire_lignes
        where anomalie is not null
        union all
        select source, fichier, ligne, uai, anomalie
        from stg_education_prioritaire_lignes
        where anomalie is not null
        union all
        select source, fichier, ligne, uai, anomalie
        from stg_cellules
        union all
        -- toute présence : mart_anomalie en juge aussi par leur seul poste
        select source, fichier, ligne, uai, ''
        from stg_presences_lignes
    ),

    -- deux millésimes donnés ensemble ne font qu'une anomalie, qui ne parle de personne
    final as (
        select distinct source, fichier, ligne, uai
        from lignes
        where
            est_uai(uai)
            and anomalie not in ('uai_dans_deux_annuaires', 'remplacee_par_plus_recent')
    )

select *
from final
