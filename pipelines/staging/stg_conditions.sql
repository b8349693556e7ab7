-- Grain : un établissement dont les conditions d'exercice sont connues.
with
    lignes as (select * from stg_conditions_lignes),

    final as (
        select uai, a_bureau, a_telephone, a_rangement_ferme, fichier
        from lignes
        where sort = 'gardee'
    )

select *
from final
