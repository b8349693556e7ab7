-- Grain : un établissement (UAI) de l'annuaire, tous ministères et secteurs.
with
    lignes as (select * from stg_annuaire_lignes),

    -- l'effectif que tait la ligne retenue : celui de la première des autres qui le donne
    autres as (
        select uai, effectif, fichier, date_maj
        from lignes
        where sort = 'fusionnee' and effectif is not null
        qualify row_number() over (partition by uai order by rang) = 1
    ),

    final as (
        select
            lignes.* exclude (
                source,
                sort,
                rang,
                valeur_lue,
                nb_communes,
                nb_fichiers,
                rang_millesime,
                rang_le_plus_recent,
                deplacement_km,
                effectif
            ),
            coalesce(lignes.effectif, autres.effectif) as effectif,
            lignes.effectif is null and autres.effectif is not null as est_effectif_repris,
            case
                when lignes.effectif is null then autres.fichier else lignes.fichier
            end as effectif_fichier,
            rentree_du_jour(
                case when lignes.effectif is null then autres.date_maj else lignes.date_maj end
            ) as effectif_rentree
        from lignes
        left join autres on lignes.uai = autres.uai
        where lignes.sort = 'gardee'
    )

select *
from final
