-- Grain : une ligne par ligne lue des fichiers de conditions d'exercice, avec son sort.
with
    lues as (select * from raw_conditions),
    fichiers as (select * from stg_fichier where source = 'conditions'),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            oui_non(bureau) as a_bureau,
            oui_non(telephone) as a_telephone,
            oui_non(rangement_ferme) as a_rangement_ferme,
            uai as uai_lu,
            bureau as bureau_lu,
            telephone as telephone_lu,
            rangement_ferme as rangement_lu
        from lues
    ),

    jugees as (
        select
            *,
            texte(bureau_lu) is not null and a_bureau is null as est_bureau_illisible,
            texte(telephone_lu) is not null and a_telephone is null as est_telephone_illisible,
            texte(rangement_lu) is not null
            and a_rangement_ferme is null as est_rangement_illisible,
            not uai_juste(uai)
            or est_bureau_illisible
            or est_telephone_illisible
            or est_rangement_illisible as est_perdue
        from nettoyees
    ),

    classees as (
        select
            jugees.*,
            row_number() over rangs as rang,
            first_value(jugees.fichier) over rangs as fichier_retenu,
            first_value(jugees.a_bureau) over rangs as bureau_retenu,
            first_value(jugees.a_telephone) over rangs as telephone_retenu,
            first_value(jugees.a_rangement_ferme) over rangs as rangement_retenu
        from jugees
        left join fichiers on jugees.fichier = fichiers.fichier
        window
            rangs as (
                partition by jugees.uai
                order by jugees.est_perdue, fichiers.rang_millesime, jugees.fichier, jugees.ligne
            )
    ),

    -- les réponses d'une ligne, en face de celles de la ligne retenue
    comparees as (
        select
            *,
            [
                {
                    'colonne':'bureau',
                    'lue':bureau_lu,
                    'est_illisible':est_bureau_illisible,
                    'reponse':a_bureau,
                    'retenue':bureau_retenu
                },
                {
                    'colonne':'telephone',
                    'lue':telephone_lu,
                    'est_illisible':est_telephone_illisible,
                    'reponse':a_telephone,
                    'retenue':telephone_retenu
                },
                {
                    'colonne':'rangement_ferme',
                    'lue':rangement_lu,
                    'est_illisible':est_rangement_illisible,
                    'reponse':a_rangement_ferme,
                    'retenue':rangement_retenu
                }
            ] as reponses,
            a_redire(
                list_transform(
                    reponses,
                    lambda r:cellule(
                        r.colonne,
                        contraires(
                            uai, dit_oui_non(r.reponse), dit_oui_non(r.retenue), fichier_retenu
                        ),
                        case when r.reponse is distinct from r.retenue then 'lignes_contraires' end
                    )
                )
            ) as contradictions
        from classees
    ),

    final as (
        select
            'conditions' as source,
            fichier,
            ligne,
            uai,
            a_bureau,
            a_telephone,
            a_rangement_ferme,
            sort_de(est_perdue, rang) as sort,
            case
                when est_perdue or rang = 1
                then
                    a_redire(
                        [cellule('uai', uai_lu, motif_uai_local(uai, uai_lu))] || list_transform(
                            reponses,
                            lambda r:cellule(
                                r.colonne,
                                r.lue,
                                case when r.est_illisible then 'condition_illisible' end
                            )
                        )
                    )
                when len(contradictions) > 0
                then contradictions
                else [cellule('uai', uai_lu, 'uai_deux_lignes')]
            end as anomalies
        from comparees
    )

select *
from final
