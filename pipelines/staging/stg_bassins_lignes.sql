-- Grain : une ligne par ligne lue des fichiers de bassins, avec son sort.
with
    lues as (select * from raw_bassins),
    fichiers as (select * from stg_fichier where source = 'bassins'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            texte(bassin) as bassin,
            texte(reseau) as reseau,
            uai as uai_lu
        from lues
    ),

    classees as (
        select
            nettoyees.*,
            not uai_juste(nettoyees.uai) as est_perdue,
            row_number() over rangs as rang,
            first_value(nettoyees.fichier) over rangs as fichier_retenu,
            first_value(nettoyees.bassin) over rangs as bassin_retenu,
            first_value(nettoyees.reseau) over rangs as reseau_retenu
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
        window
            rangs as (
                partition by nettoyees.uai
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            )
    ),

    comparees as (
        select
            *,
            sans_accents(bassin) is distinct from sans_accents(bassin_retenu) as est_autre_bassin,
            sans_accents(reseau) is distinct from sans_accents(reseau_retenu) as est_autre_reseau
        from classees
    ),

    final as (
        select
            'bassins' as source,
            fichier,
            ligne,
            uai,
            bassin,
            reseau,
            sort_de(est_perdue, rang) as sort,
            case
                when est_perdue or rang = 1
                then
                    a_redire(
                        [
                            cellule('uai', uai_lu, motif_uai_local(uai, uai_lu)),
                            cellule(
                                'bassin',
                                uai_lu,
                                case when bassin is null and not est_perdue then 'bassin_vide' end
                            )
                        ]
                    )
                when not est_autre_bassin and not est_autre_reseau
                then [cellule('uai', uai_lu, 'uai_deux_lignes')]
                else
                    a_redire(
                        [
                            cellule(
                                'bassin',
                                contraires(
                                    uai,
                                    coalesce(bassin, 'vide'),
                                    coalesce(bassin_retenu, 'vide'),
                                    fichier_retenu
                                ),
                                case when est_autre_bassin then 'lignes_contraires' end
                            ),
                            cellule(
                                'reseau',
                                contraires(
                                    uai,
                                    coalesce(reseau, 'vide'),
                                    coalesce(reseau_retenu, 'vide'),
                                    fichier_retenu
                                ),
                                case when est_autre_reseau then 'lignes_contraires' end
                            )
                        ]
                    )
            end as anomalies
        from comparees
    )

select *
from final
