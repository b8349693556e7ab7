-- Grain : une ligne par ligne lue des fichiers d'activité, avec son sort.
-- Vue : des millions de lignes qu'un relevé annuel ajoute, seules les gardées sont écrites.
with
    lues as (select * from raw_activite),
    uais as (select * from stg_activite_uai),
    repetees as (select * from stg_activite_repetees),

    nettoyees as (
        select
            lues.fichier,
            lues.ligne,
            texte(lues.annee_scolaire) as annee_scolaire,
            annee_rentree(lues.annee_scolaire) as rentree,
            case
                when lower(lues.periode) in ('annee', 'année') then 'annee' else upper(lues.periode)
            end as periode,
            uais.uai,
            lower(texte(lues.indicateur)) as indicateur,
            lower(texte(lues.modalite)) as modalite,
            entier(lues.nombre) as nombre,
            coalesce(sans_accents(lues.origine) like 'SIMUL%', false) as est_simule,
            lues.periode as periode_lue,
            lues.nombre as nombre_lu,
            lues.uai as uai_lu,
            coalesce(uais.est_lisible, false) as est_uai_lisible,
            coalesce(uais.a_perdu_un_zero, false) as a_perdu_un_zero,
            repetees.ligne is not null as est_repetee,
            repetees.nombre_retenu,
            repetees.fichier_retenu
        from lues
        left join uais on lues.uai = uais.uai_lu
        left join repetees on lues.fichier = repetees.fichier and lues.ligne = repetees.ligne
    ),

    jugees as (
        select
            *,
            coalesce(
                rentree <= year(current_date)
                and periode in ('annee', 'T1', 'T2', 'T3')
                and est_uai_lisible
                and indicateur is not null
                and nombre >= 0,
                false
            ) as est_lisible
        from nettoyees
    ),

    final as (
        select
            'activite' as source,
            fichier,
            ligne,
            annee_scolaire,
            rentree,
            periode,
            uai,
            indicateur,
            modalite,
            nombre,
            est_simule,
            case
                when not est_lisible then 'rejetee' when est_repetee then 'fusionnee' else 'gardee'
            end as sort,
            case
                when not est_lisible
                then
                    a_redire(
                        [
                            cellule(
                                'annee_scolaire',
                                annee_scolaire,
                                replace(motif_rentree(rentree), 'rentree_', 'annee_')
                            ),
                            cellule(
                                'periode',
                                periode_lue,
                                case
                                    when
                                        periode is null
                                        or periode not in ('annee', 'T1', 'T2', 'T3')
                                    then 'periode_inconnue'
                                end
                            ),
                            cellule(
                                'uai',
                                uai_lu,
                                case
                                    when not est_uai_lisible
                                    then 'uai_illisible_local'
                                    when a_perdu_un_zero
                                    then 'uai_zero_perdu'
                                end
                            ),
                            cellule(
                                'indicateur',
                                null,
                                case when indicateur is null then 'indicateur_absent' end
                            ),
                            cellule(
                                'nombre',
                                nombre_lu,
                                case when nombre is null or nombre < 0 then 'nombre_illisible' end
                            )
                        ]
                    )
                when est_repetee and nombre != nombre_retenu
                then
                    [
                        cellule(
                            'nombre',
                            contraires(
                                concat_ws(' ', uai, annee_scolaire, periode, indicateur, modalite),
                                nombre,
                                nombre_retenu,
                                fichier_retenu
                            ),
                            'lignes_contraires'
                        )
                    ]
                when est_repetee
                then [cellule('nombre', nombre_lu, 'activite_deux_lignes')]
                when a_perdu_un_zero
                then [cellule('uai', uai_lu, 'uai_zero_perdu')]
            end as anomalies
        from jugees
    )

select *
from final
