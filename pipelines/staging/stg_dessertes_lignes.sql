-- Grain : une ligne par ligne lue des listes de communes desservies, avec son sort.
with
    lues as (select * from raw_dessertes),
    fichiers as (select * from stg_fichier where source = 'dessertes'),

    nettoyees as (
        select
            fichier,
            ligne,
            commune_de(commune_code) as commune_code,
            texte(commune) as commune,
            oui_non(desservie) as est_desservie,
            commune_code as commune_lue,
            desservie as desservie_lue
        from lues
    ),

    classees as (
        select
            nettoyees.*,
            commune_code is null or est_desservie is null as est_perdue,
            -- une ligne sans réponse, qui sera rejetée, n'en remplace aucune
            row_number() over rangs as rang,
            first_value(nettoyees.fichier) over rangs as fichier_retenu,
            first_value(nettoyees.est_desservie) over rangs as desservie_retenue
        from nettoyees
        left join fichiers on nettoyees.fichier = fichiers.fichier
        window
            rangs as (
                partition by nettoyees.commune_code
                order by
                    nettoyees.est_desservie is null,
                    fichiers.rang_millesime,
                    nettoyees.fichier,
                    nettoyees.ligne
            )
    ),

    final as (
        select
            'dessertes' as source,
            fichier,
            ligne,
            commune_code,
            commune,
            est_desservie,
            sort_de(est_perdue, rang) as sort,
            case
                when est_perdue
                then
                    a_redire(
                        [
                            cellule(
                                'commune_code',
                                commune_lue,
                                case when commune_code is null then 'commune_code_illisible' end
                            ),
                            cellule(
                                'desservie',
                                desservie_lue,
                                case when est_desservie is null then 'desserte_illisible' end
                            )
                        ]
                    )
                when rang = 1
                then []
                when est_desservie != desservie_retenue
                then
                    [
                        cellule(
                            'desservie',
                            contraires(
                                commune_code,
                                dit_oui_non(est_desservie),
                                dit_oui_non(desservie_retenue),
                                fichier_retenu
                            ),
                            'lignes_contraires'
                        )
                    ]
                else [cellule('commune_code', commune_lue, 'commune_deux_lignes')]
            end as anomalies
        from classees
    )

select *
from final
