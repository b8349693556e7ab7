-- Grain : un UAI tel qu'écrit dans un fichier d'activité, et ce qu'on y lit.
with
    ecrits as (select distinct uai as uai_lu from raw_activite where uai is not null),

    final as (
        select
            uai_lu,
            uai_propre(uai_lu) as uai,
            est_uai(uai_propre(uai_lu)) and cle_uai_juste(uai_propre(uai_lu)) as est_lisible,
            uai_a_perdu_un_zero(uai_lu) as a_perdu_un_zero
        from ecrits
    )

select *
from final
